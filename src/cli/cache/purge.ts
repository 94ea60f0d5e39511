import { createInterface } from 'node:readline/promises';
import { exitCodes, UsageError } from '../exit.ts';
import { type Action, filterHelp } from './action.ts';
import { filterSwitches, filterValues, readFilter, readId, select } from './filters.ts';
import { onlyOne } from './find.ts';
import { entries, size } from './words.ts';

/** Keys that are removed in one step. */
const BATCH = 1000;

export const purge: Action = {
  summary: 'remove entries',
  usage: 'FILTER… | --all [--dry-run] [--yes]',
  help: [
    ...filterHelp.map(([flag, text]) =>
      flag === '--id ID' ? ([flag, 'The one whose key begins so'] as const) : ([flag, text] as const),
    ),
    ['--all', 'All of them; with a filter it is not needed'],
    ['--dry-run', 'Say how many would go, and leave them'],
    ['--yes', "Don't ask; without a terminal nothing is asked"],
  ],
  grammar: { values: filterValues, switches: [...filterSwitches, 'all', 'dry-run', 'yes'] },
  prepare: (args) => {
    const { switches, values } = args;
    const filter = readFilter(args);
    if (!filter.isSet && !switches.has('all')) {
      throw new UsageError('missing filter: --model, --route, --older-than, --id, --expired, or --all');
    }
    if (filter.isSet && switches.has('all')) throw new UsageError('use --all or a filter, not both');
    return async ({ store }, out) => {
      const found = await select(store, filter);
      const id = values.get('id');
      // An ID names one entry: `--id a` must not remove a tenth of the cache.
      if (id !== undefined && found.length > 1) onlyOne(found, readId(id, '--id'));
      const bytes = found.reduce((sum, listed) => sum + listed.size, 0);
      const what = `${entries(found.length)} (${size(bytes)})`;
      if (switches.has('dry-run')) {
        await out.line(`would remove ${what}`);
        return exitCodes.clean;
      }
      if (found.length > 0 && !switches.has('yes') && !(await agrees(`remove ${what}? [y/N] `))) {
        console.error('aifd: nothing was removed');
        return exitCodes.failed;
      }
      let removed = 0;
      for (let at = 0; at < found.length; at += BATCH) {
        removed += await store.remove(found.slice(at, at + BATCH).map((listed) => listed.key));
      }
      await out.line(`removed ${entries(removed)}`);
      return exitCodes.clean;
    };
  },
};

/** Asks who sits there; nobody does at a pipe. */
async function agrees(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return /^y(?:es)?$/i.test((await Promise.race([lines.question(question), closed])).trim());
  } finally {
    lines.close();
  }
}
