import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLevelDb } from '../../src/store/entries/leveldb.ts';
import { openRocksDb } from '../../src/store/entries/rocksdb.ts';

/** The engines that sort, which share all but a few lines. */
export const levelEngines = { LevelDB: openLevelDb, RocksDB: openRocksDb };
export type LevelEngineName = keyof typeof levelEngines;
export const levelEngineNames = Object.keys(levelEngines) as LevelEngineName[];

export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'aifd-entries-'));
