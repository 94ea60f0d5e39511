import type { CommandDef } from 'citty';
import { ConfigError } from '../../config/error.ts';
import { flagOf, optionOf } from '../../config/options.ts';
import { isHelp, readArguments, readSubcommand } from '../arguments.ts';
import { type Action, placeOptions } from '../cache/action.ts';
import { exportEntries } from '../cache/export.ts';
import { importEntries } from '../cache/import.ts';
import { list } from '../cache/list.ts';
import { openCache } from '../cache/open.ts';
import { Output } from '../output.ts';
import { purge } from '../cache/purge.ts';
import { show } from '../cache/show.ts';
import { stats } from '../cache/stats.ts';
import { exitCodes, UsageError } from '../exit.ts';

const summary = 'look at the prediction cache, purge it, or move it as a file';

const actions: Readonly<Record<string, Action>> = {
  stats,
  list,
  show,
  purge,
  export: exportEntries,
  import: importEntries,
};

/** `aifd cache …`: the cache that `aifd run` with the same options has, on a running server too. */
const command: CommandDef = {
  meta: { name: 'cache', description: summary },
  run: async ({ rawArgs: [name, ...args] }) => {
    if (isHelp(name)) {
      console.log(renderHelp());
      return exitCodes.clean;
    }
    const subcommand = readSubcommand('cache', name, Object.keys(actions));
    const action = actions[subcommand]!;
    const parsed = readArguments(args, {
      ...action.grammar,
      command: `cache ${subcommand}`,
      options: placeOptions,
    });
    if (parsed.switches.has('help')) {
      console.log(renderActionHelp(subcommand, action));
      return exitCodes.clean;
    }
    const act = action.prepare(parsed);
    try {
      const opened = await openCache(parsed.flags, action.isWriting === true);
      const out = new Output();
      try {
        return await act(opened, out);
      } finally {
        await out.end();
        await opened.store.close();
      }
    } catch (error) {
      return explain(error);
    }
  },
};

export default command;

/** One line for what is the world's fault. @throws whatever is the command line's, the configuration's or our own */
function explain(error: unknown): number {
  const isOurs = [UsageError, ConfigError, TypeError, ReferenceError].some((kind) => error instanceof kind);
  if (isOurs || !(error instanceof Error)) throw error;
  console.error(`aifd: ${error.message}`);
  return exitCodes.failed;
}

type Lines = readonly (readonly [left: string, right: string])[];

function renderLines(lines: Lines): string {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

function renderHelp(): string {
  const lines = Object.entries(actions).map(
    ([name, action]) => [`${name} ${action.usage}`, action.summary] as const,
  );
  return `aifd cache: ${summary}

Usage: aifd cache ACTION [OPTIONS]

Actions
${renderLines(lines)}

A shared cache (lmdb, redis) is opened beside a running server; another is asked for through the socket that the server has
under DATA_DIR. aifd cache ACTION --help shows the options of an action.

${placeHelp()}`;
}

function renderActionHelp(name: string, { summary: what, usage, help }: Action): string {
  return `aifd cache ${name}: ${what}

Usage: aifd cache ${name} ${usage}

${renderLines([...help, ['--help', 'Show this text']])}

${placeHelp()}`;
}

/** The same for all of them. */
function placeHelp(): string {
  const lines = placeOptions.map((name) => {
    const option = optionOf(name);
    const fallback = option.default === '' ? '' : `=${option.default}`;
    return [
      `--${flagOf(option)} ${option.kind.placeholder}`,
      `${option.help} [${option.env}${fallback}]`,
    ] as const;
  });
  return `Which cache (read as aifd run reads it)
${renderLines([...lines, ['--env-file FILE', 'Read this file and not .env']])}`;
}
