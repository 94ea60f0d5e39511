import { flagOf, groups, type Option, optionNames, optionOf } from '../config/options.ts';

/** A line of help that is not in the table: `[flag, help]`. */
export type HelpLine = readonly [flag: string, help: string];

const table = optionNames.map(optionOf);

function helpLine(option: Option): HelpLine {
  const value = option.kind.bare === undefined ? ` ${option.kind.placeholder}` : '';
  const fallback = option.default === '' ? '' : `=${option.default}`;
  return [`--${flagOf(option)}${value}`, `${option.help} [${option.env}${fallback}]`];
}

/**
 * Help of one command, in groups, made from the table. citty's own usage has no groups and no environment names.
 *
 * @param own the command's own switches
 */
export function renderHelp(command: string, summary: string, own: readonly HelpLine[]): string {
  const sections: [title: string, lines: readonly HelpLine[]][] = groups.map((group) => [
    group,
    table.filter((option) => option.group === group).map(helpLine),
  ]);
  sections.push([
    'Other',
    [['--env-file FILE', 'Read this file and not .env'], ...own, ['--help', 'Show this text']],
  ]);
  const width = Math.max(...sections.flatMap(([, lines]) => lines.map(([flag]) => flag.length)));
  const body = sections.map(([title, lines]) =>
    [title, ...lines.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`)].join('\n'),
  );
  return [
    `aifd ${command}: ${summary}`,
    `Usage: aifd ${command} [OPTIONS]`,
    'In brackets: the environment variable of an option and its default. Flags go before the environment,\n' +
      'the environment before .env in the current folder.',
    ...body,
  ].join('\n\n');
}

/** Help of the options that say where DATA_DIR is, for commands that need only that. */
export const placeHelp = `  --data-dir FOLDER  The DATA_DIR of aifd run [DATA_DIR=data]
  --env-file FILE    Read this file instead of .env
  --help             Show this text`;
