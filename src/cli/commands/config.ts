import type { CommandDef } from 'citty';
import { trueEnvironment } from '../../config/environment.ts';
import { load, type Loaded } from '../../config/load.ts';
import { optionNames, optionOf } from '../../config/options.ts';
import { exitCodes } from '../exit.ts';
import { readArguments } from '../arguments.ts';
import { renderHelp } from '../help.ts';

const summary = 'print the configuration in force, and where each value came from';

/** `aifd config`: what `aifd run` would run with, secrets masked. */
const command: CommandDef = {
  meta: { name: 'config', description: summary },
  run: ({ rawArgs }) => {
    const { flags, switches } = readArguments(rawArgs, {
      command: 'config',
      options: optionNames,
      switches: ['json'],
    });
    if (switches.has('help')) {
      console.log(renderHelp('config', summary, [['--json', 'Print JSON instead of a table']]));
      return exitCodes.clean;
    }
    const cwd = process.cwd();
    const loaded = load({ flags, env: trueEnvironment(cwd), cwd });
    console.log(switches.has('json') ? renderJson(loaded) : renderTable(loaded));
    for (const warning of loaded.warnings) console.error(`aifd: warning: ${warning}`);
    return exitCodes.clean;
  },
};

export default command;

function renderTable({ config, sources }: Loaded): string {
  const rows = optionNames.map((name) => {
    const shown = optionOf(name).kind.show(config[name]);
    return [optionOf(name).env, shown === '' ? '-' : shown, sources[name]] as const;
  });
  const all = [['OPTION', 'VALUE', 'SOURCE'] as const, ...rows];
  const [first, second] = [0, 1].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map(([env, value, source]) => `${env.padEnd(first!)}  ${value.padEnd(second!)}  ${source}`)
    .join('\n');
}

function renderJson({ config, sources }: Loaded): string {
  const entries = optionNames.map((name) => {
    const { env, kind } = optionOf(name);
    // As text, in the form in which it is set: a pattern or a size has no form of its own in JSON.
    return [env, { value: kind.show(config[name]), source: sources[name] }] as const;
  });
  return JSON.stringify(Object.fromEntries(entries), undefined, 2);
}
