// @ts-ignore: it has no types.
import { RocksLevel } from '@nxtedition/rocksdb';
import { ClassicLevel } from 'classic-level';
import { bodyKey, decodeInfo, infoKey } from '../../src/store/entries/level-records.ts';
import type { LevelEngineName } from './level-engines.ts';

/** What is used of either here. */
interface Engine {
  open(): Promise<void>;
  get(key: Buffer): Promise<Buffer>;
  put(key: Buffer, value: Buffer): Promise<void>;
  close(): Promise<void>;
}

export async function withRaw<T>(
  engine: LevelEngineName,
  folder: string,
  use: (raw: Engine) => Promise<T>,
): Promise<T> {
  const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' };
  const Raw = engine === 'LevelDB' ? ClassicLevel : RocksLevel;
  const raw = new Raw(folder, options) as unknown as Engine;
  await raw.open();
  try {
    return await use(raw);
  } finally {
    await raw.close();
  }
}

/** Changes a byte of an entry that is kept in a store that is closed. */
export const spoilBody = (engine: LevelEngineName, folder: string, key: string): Promise<void> =>
  withRaw(engine, folder, async (raw) => {
    const [, { number }] = decodeInfo(infoKey(key), Buffer.from(await raw.get(infoKey(key))))!;
    const bytes = Buffer.from(await raw.get(bodyKey(number)));
    bytes[bytes.length >> 1]! ^= 1;
    await raw.put(bodyKey(number), bytes);
  });
