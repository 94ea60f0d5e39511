import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLevelDb } from '../../src/store/entries/leveldb.ts';
import { openRocksDb } from '../../src/store/entries/rocksdb.ts';
import { emptyFolder } from './level-engines.ts';

type Importing = () => Promise<never>;
const options = { maxSize: 2 ** 20 };

const engines = [
  ['LevelDB', 'classic-level', (importing: Importing) => openLevelDb(emptyFolder(), options, importing)],
  [
    'RocksDB',
    '@nxtedition/rocksdb',
    (importing: Importing) => openRocksDb(emptyFolder(), options, importing),
  ],
] as const;

/** A folder with a module that imports the package, which is as `source` says, or not there. */
function importingFrom(name: string, source?: string): Importing {
  const folder = emptyFolder();
  const entry = join(folder, 'imports.mjs');
  writeFileSync(entry, `export default await import(${JSON.stringify(name)});`);
  if (source !== undefined) {
    const home = join(folder, 'node_modules', name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
    writeFileSync(join(home, 'index.js'), source);
  }
  return () => import(entry) as Promise<never>;
}

test.each(engines)('%s: not installed, it is said what to install', async (engine, name, open) => {
  await expect(open(importingFrom(name))).rejects.toThrow(
    `answers in ${engine} need the package ${name}: bun add ${name}`,
  );
});

test.each(engines)('%s: installed, without a native part for this machine', async (engine, name, open) => {
  const source =
    "throw new Error('No native build was found for platform=linux arch=mips\\n  loaded from here');";
  await expect(open(importingFrom(name, source))).rejects.toThrow(
    `answers in ${engine} need the package ${name}, which can't be loaded: No native build was found for platform=linux arch=mips`,
  );
});

test.each(engines)('%s: installed, without a package that it needs', async (engine, name, open) => {
  await expect(open(importingFrom(name, "require('some-other-package');"))).rejects.toThrow(
    new RegExp(`^answers in ${engine} need the package ${name}, which can't be loaded: .*some-other-package`),
  );
});
