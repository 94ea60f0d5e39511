import { RedisConnection, scriptOf } from '../redis-connection.ts';
import { decodeEntry, encodeEntry } from './codec.ts';
import { putScript, removeScript, statsScript } from './redis-scripts.ts';
import {
  BrokenEntry,
  type Entry,
  type EntryStore,
  type EntryStoreOptions,
  type Listed,
  type Stats,
  tooLarge,
} from './store.ts';

const PREFIX = 'aifd:c:';
/** What Redis takes for an entry beside its bytes, about. */
const OVERHEAD_BYTES = 512;
const USES_EVERY_MS = 1000;
const USES_AT_ONCE = 1000;
const REMOVED_AT_ONCE = 500;
/** A script that removes so many takes a few milliseconds. */
const EVICTED_AT_ONCE = '1000';

const put = scriptOf(putScript);
const remove = scriptOf(removeScript);
const stats = scriptOf(statsScript);

/**
 * Entries in Redis or Valkey, shared by all that ask the same one, and one size for all of them: who puts names it. Calls
 * reject while it can't be reached. Not for Redis Cluster: one script touches the keys of many slots.
 */
export class RedisEntries implements EntryStore {
  private readonly connection: RedisConnection;
  private readonly ticking: NodeJS.Timeout;
  private readonly maxSize: number;
  private latest = 0;
  private used = new Map<string, number>();

  /** @param url as {@link RedisConnection} wants it */
  constructor(url: string, { maxSize }: EntryStoreOptions) {
    this.connection = new RedisConnection(url);
    this.maxSize = maxSize;
    this.ticking = setInterval(() => void this.writeUses().catch(() => {}), USES_EVERY_MS).unref();
  }

  async get(key: string): Promise<Entry | undefined> {
    const bytes = await this.bytesOf(key);
    if (bytes === null) return undefined;
    const entry = decodeEntry(bytes);
    // Redis' clock may be another.
    if (entry.about.keptUntil !== 0 && Date.now() >= entry.about.keptUntil) return undefined;
    this.used.set(key, this.now());
    return entry;
  }

  async put(key: string, entry: Entry): Promise<void> {
    const bytes = encodeEntry(entry);
    const size = bytes.length + OVERHEAD_BYTES;
    if (size > this.maxSize) throw tooLarge(size, this.maxSize);
    const { keptUntil } = entry.about;
    // On the same connection and before it, so that what was just used is not what goes.
    if (this.used.size > 0) this.writeUses().catch(() => {});
    const numbers = [size, this.now(), Math.ceil(keptUntil), this.maxSize].map(String);
    const args = [key, bytes, ...numbers, EVICTED_AT_ONCE];
    while ((await this.connection.run(put, [PREFIX], args)) === 1);
  }

  async remove(keys: readonly string[]): Promise<number> {
    let removed = 0;
    for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE) {
      const some = keys.slice(at, at + REMOVED_AT_ONCE);
      removed += Number(await this.connection.run(remove, [PREFIX], [String(Date.now()), ...some]));
    }
    return removed;
  }

  async *list(): AsyncGenerator<Listed, void> {
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const [next, rows] = (await this.connection.send('ZSCAN', [`${PREFIX}u`, cursor, 'COUNT', '100'])) as [
        string,
        string[],
      ];
      cursor = next;
      for (let i = 0; i + 1 < rows.length; i += 2) {
        const key = rows[i]!;
        if (seen.has(key)) continue;
        seen.add(key);
        const listed = await this.look(key, Number(rows[i + 1]));
        if (listed) yield listed;
      }
    } while (cursor !== '0');
  }

  async stats(): Promise<Stats> {
    const answer = (await this.connection.run(stats, [PREFIX], [String(Date.now())])) as string;
    const [entries = 0, bytes = 0] = answer.split(' ').map(Number);
    return { entries, bytes };
  }

  async close(): Promise<void> {
    clearInterval(this.ticking);
    await this.writeUses().catch(() => {});
    this.connection.close();
  }

  /** No two are the same: those of one millisecond have an order too. */
  private now(): number {
    return (this.latest = Math.max(Date.now(), this.latest + 0.001));
  }

  private bytesOf(key: string): Promise<Uint8Array | null> {
    return this.connection.ask((client) => client.getBuffer(`${PREFIX}e:${key}`));
  }

  private async look(key: string, usedAt: number): Promise<Listed | undefined> {
    const bytes = await this.bytesOf(key);
    if (bytes === null) return undefined;
    try {
      return { key, about: decodeEntry(bytes).about, usedAt, size: bytes.length + OVERHEAD_BYTES };
    } catch (error) {
      if (error instanceof BrokenEntry) return undefined;
      throw error;
    }
  }

  /** Only of entries that are still there. */
  private async writeUses(): Promise<void> {
    const uses = [...this.used];
    this.used = new Map();
    for (let at = 0; at < uses.length; at += USES_AT_ONCE) {
      const args = uses.slice(at, at + USES_AT_ONCE).flatMap(([key, usedAt]) => [String(usedAt), key]);
      await this.connection.send('ZADD', [`${PREFIX}u`, 'XX', ...args]);
    }
  }
}
