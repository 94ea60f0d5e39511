import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesOfResults } from '../bench/report/files.ts';
import { flagOf, groups, notYet, type Option, optionNames, optionOf } from '../src/config/options.ts';

const root = join(import.meta.dir, '..');
const table = optionNames.map(optionOf);
const inGroup = (group: string) => table.filter((option) => option.group === group);

/** `.env.example`: every line commented, so that a copy changes nothing until one is edited. */
function envExample(): string {
  const sections = groups.map((group) => {
    const lines = inGroup(group).map((option) => `# ${option.help}\n# ${option.env}=${option.default}\n`);
    return `## ${group}\n\n${lines.join('\n')}`;
  });
  return `${['# Copy to .env and edit. Generated from src/config/options.ts by `bun run generate`.\n', ...sections].join('\n')}`;
}

function docs(): string {
  return `${[
    '# Configuration',
    '<!-- Generated from src/config/options.ts by `bun run generate`: edit there. -->',
    'Each option is a flag of `aifd run` and an environment variable. Flags go before the environment, the\n' +
      'environment before `.env` in the current folder, and that before the default. `--env-file FILE` is read\n' +
      'instead of `.env`. An empty variable is an unset one. `$NAME` in the file is not expanded.',
    'The file is UTF-8. Each line is `NAME=value`, with or without `export`, a comment (`# …`) or blank; a value in\n' +
      'quotes may go over several lines. A `#` after a space starts a comment, one inside a word is part of the\n' +
      'value. Any other line, and an option in lower case, end the start too: a key is not passed over in silence.',
    '`aifd config` prints what is in force and where each value came from, secrets masked (`--json` for programs).\n' +
      'A value that is not accepted, and a pair that does not match, end the start with exit code 2 and every\n' +
      'problem there is. Other users of a machine can read flags: keys belong into the environment or the file.',
    ...groups.map(docsOf),
    '## Not in this version',
    'Set to something that would turn the feature on, these are an error, for a limit that you count on must not\n' +
      `be missing silently: ${notYet.map((name) => `\`${name}\``).join(', ')}.`,
  ].join('\n\n')}\n`;
}

function docsOf(group: string): string {
  const rows = inGroup(group).map((option) => `| ${cells(option).join(' | ')} |`);
  return [
    `## ${group}\n`,
    '| Variable | Flag | What it is | Default | Accepted |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function cells(option: Option): string[] {
  const fallback = option.default === '' ? 'unset' : `\`${option.default}\``;
  const help = option.secret ? `${option.help} (secret)` : option.help;
  return [`\`${option.env}\``, `\`--${flagOf(option)}\``, help, fallback, option.kind.accepts].map((cell) =>
    cell.replaceAll('|', '\\|'),
  );
}

const files: Record<string, string> = {
  '.env.example': envExample(),
  'docs/configuration.md': docs(),
  ...filesOfResults(),
};

/** `--check` writes nothing and fails for a file that is not what the table says. */
function generate(check: boolean): number {
  const stale = Object.entries(files).filter(([name, text]) => readOrEmpty(name) !== text);
  for (const [name, text] of stale) {
    if (check) console.error(`${name} is not current: run \`bun run generate\``);
    else write(name, text);
  }
  return check && stale.length > 0 ? 1 : 0;
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function readOrEmpty(name: string): string {
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch {
    return '';
  }
}

process.exitCode = generate(process.argv.includes('--check'));
