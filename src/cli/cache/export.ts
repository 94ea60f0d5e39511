import { open, rename, rm } from 'node:fs/promises';
import { type Recorded, writeRecording } from './recording.ts';
import { BrokenEntry, type Entry, type EntryStore } from '../../store/entries/store.ts';
import { exitCodes } from '../exit.ts';
import { type Action, filterHelp } from './action.ts';
import { filterSwitches, filterValues, readFilter, select } from './filters.ts';
import type { Output } from '../output.ts';
import { CacheProblem } from './problem.ts';
import { entries } from './words.ts';

/** Entries that are asked for before they are needed: another process answers one in about 100 µs. */
const AHEAD = 8;
/** Text that is written at once, characters. */
const PIECE = 65_536;

export const exportEntries: Action = {
  summary: 'write entries as JSON lines, to be committed',
  usage: '[FILE] [FILTER]',
  help: [['FILE', 'Without it, or as -: standard output'], ...filterHelp],
  grammar: {
    values: filterValues,
    switches: filterSwitches,
    operand: { name: 'FILE', isNeeded: false },
  },
  prepare: (args) => {
    const filter = readFilter(args);
    const file = args.operand === '-' ? undefined : args.operand;
    return async ({ store }, out) => {
      const keys = (await select(store, filter)).map(({ key }) => key).toSorted();
      const count = { entries: 0 };
      const pieces = writeRecording(read(store, keys, count));
      await (file === undefined ? toOutput(pieces, out) : toFile(pieces, file));
      if (file !== undefined) console.error(`aifd: wrote ${entries(count.entries)} to ${file}`);
      return exitCodes.clean;
    };
  },
};

/** What goes meanwhile is left out, and so is what is damaged. */
async function* read(
  store: EntryStore,
  keys: readonly string[],
  count: { entries: number },
): AsyncGenerator<Recorded, void> {
  const ahead: Promise<Entry | undefined>[] = [];
  for (const [index, key] of keys.entries()) {
    for (let next = index + ahead.length; ahead.length < AHEAD && next < keys.length; next++) {
      const asked = askFor(store, keys[next]!);
      asked.catch(() => {});
      ahead.push(asked);
    }
    const entry = await ahead.shift();
    if (entry === undefined) continue;
    count.entries += 1;
    yield { key, entry };
  }
}

async function askFor(store: EntryStore, key: string): Promise<Entry | undefined> {
  try {
    return await store.get(key);
  } catch (error) {
    if (!(error instanceof BrokenEntry)) throw error;
    console.error(`aifd: left out ${key}: ${error.message}`);
    return undefined;
  }
}

async function toOutput(pieces: AsyncIterable<string>, out: Output): Promise<void> {
  for await (const piece of pieces) if (!(await out.write(piece))) return;
}

/** The file is there whole or as it was before. */
async function toFile(pieces: AsyncIterable<string>, path: string): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  try {
    const file = await open(draft, 'wx');
    try {
      let held = '';
      for await (const piece of pieces) {
        held += piece;
        if (held.length < PIECE) continue;
        await file.write(held);
        held = '';
      }
      await file.write(held);
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new CacheProblem(`${path} can't be written: ${message}`);
  }
}
