import { expect, test } from 'bun:test';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { UsageStore } from '../../src/store/usage/lmdb.ts';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { emptyDir } from './processes.ts';

const cap = { maxSize: 2 ** 20 };
const options = { keepMs: 1e9, exchanges: 10, onProblem: () => {} };
const stores: Record<string, { folder: string; open: (dir: string) => Promise<{ close(): Promise<void> }> }> =
  {
    windows: { folder: 'windows', open: async (dir) => openWindowStore('lmdb', dir) },
    usage: { folder: 'usage', open: async (dir) => new UsageStore(dir, options) },
    'the cache in LMDB': {
      folder: 'cache',
      open: async (dir) => openEntryStore('lmdb', join(dir, 'cache'), cap),
    },
  };
const level: typeof stores = {
  'the cache in LevelDB': {
    folder: 'cache',
    open: async (dir) => openEntryStore('leveldb', join(dir, 'cache'), cap),
  },
};

const odd: Record<string, (path: string) => void> = {
  'a pipe': (path) => void Bun.spawnSync(['mkfifo', path]),
  'a symbolic link': (path) => {
    writeFileSync(`${path}.elsewhere`, '');
    symlinkSync(`${path}.elsewhere`, path);
  },
  'a symbolic link that leads nowhere': (path) => symlinkSync('/nowhere/at/all', path),
};

const cases = [
  ...Object.entries(stores).flatMap(([name, store]) =>
    ['data.mdb', 'lock.mdb', 'gate'].flatMap((file) =>
      Object.keys(odd).map((what) => ({ name, store, file, what })),
    ),
  ),
  ...Object.entries(level).flatMap(([name, store]) =>
    ['CURRENT', 'LOCK', 'LOG'].map((file) => ({ name, store, file, what: 'a pipe' })),
  ),
];

test.each(cases)('$name: $what in place of $file is refused', async ({ store, file, what }) => {
  const dir = emptyDir();
  await (await store.open(dir)).close();
  const path = join(dir, store.folder, file);
  rmSync(path, { force: true });
  odd[what]!(path);
  const kind = what.split(' that ')[0]!;
  await expect(store.open(dir)).rejects.toThrow(
    `${join(dir, store.folder)}: ${file} there is ${kind}, and not a file`,
  );
});

test.each(Object.entries(stores))('%s: a folder in place of its data file is refused', async (_, store) => {
  const dir = emptyDir();
  mkdirSync(join(dir, store.folder, 'data.mdb'), { recursive: true });
  await expect(store.open(dir)).rejects.toThrow('data.mdb there is no file');
});

test.each(Object.entries(stores))('%s: a folder that is a link is used', async (_, store) => {
  const dir = emptyDir();
  symlinkSync(emptyDir(), join(dir, store.folder));
  await (await store.open(dir)).close();
});
