/** What is told of a kept answer without reading it. Times are in milliseconds since the epoch. */
export interface About {
  /** Base URL of the target that was asked. */
  readonly target: string;
  /** Method and path with query, as `POST /v1/chat/completions`. */
  readonly route: string;
  /** The request's `model`; empty when it had none. */
  readonly model: string;
  /** Who alone is answered from it (a digest, never a key); empty when it is shared. */
  readonly user: string;
  readonly storedAt: number;
  /** From then on it is stale; 0 is never. */
  readonly expiresAt: number;
  /** From then on nobody wants it any more, stale or not; 0 is never. At least `expiresAt`. */
  readonly keptUntil: number;
  /** The request asked for usage: if there is none in it, the upstream gives none. */
  readonly usageAsked?: true;
  /** The request's values of the fields that the upstream's `Vary` names, as digests. */
  readonly vary?: Readonly<Record<string, string>>;
  /** Stored against the upstream's word: it serves only where that is ignored. */
  readonly overruled?: true;
  /** By which rules the response was judged; an entry of older rules is a miss. */
  readonly rules?: number;
}

/** A kept answer. */
export interface Entry {
  readonly about: About;
  /** What was asked, as canonical JSON; empty for a request without a body. */
  readonly request: Uint8Array;
  /** The header fields that are replayed, `content-type` among them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** An entry as a list shows it. */
export interface Listed {
  readonly key: string;
  readonly about: About;
  /** When it was last answered from, to the second or so. */
  readonly usedAt: number;
  /** What it takes of the cache's size, bytes. */
  readonly size: number;
}

export interface Stats {
  readonly entries: number;
  /** The sum of their sizes. */
  readonly bytes: number;
}

export interface EntryStoreOptions {
  /** All entries together take no more; those that were not used for longest go first. Bytes. */
  readonly maxSize: number;
}

/**
 * Where answers are kept. One contract suite is run by every store. A key is 32 lower-case hex digits.
 *
 * Time and again the engine is gone, the disk full, an entry damaged: calls then throw or reject, and whoever calls goes
 * on without. A store that threw may succeed again.
 */
export interface EntryStore {
  /**
   * The entry, fresh or stale, but none after its `keptUntil`. Counts as a use, and that is noted later: it never
   * writes before it answers. At once where the engine can.
   * @throws {@link BrokenEntry} when what is there is damaged
   */
  get(key: string): Entry | undefined | Promise<Entry | undefined>;
  /** Keeps an entry in place of the one that was there. Resolves when a process that opens the store finds it. */
  put(key: string, entry: Entry): Promise<void>;
  /** @returns how many of them were there */
  remove(keys: readonly string[]): Promise<number>;
  /** Every entry, damaged ones left out, in no particular order. What changes meanwhile may or may not be there. */
  list(): AsyncIterable<Listed>;
  stats(): Promise<Stats>;
  /** Writes what is not written yet, and lets go. */
  close(): Promise<void>;
}

/** What was read is not what was written. */
export class BrokenEntry extends Error {
  override readonly name = 'BrokenEntry';
}

/** How every store refuses an entry that is over its size all by itself. Sizes in bytes. */
export const tooLarge = (size: number, maxSize: number): Error =>
  new Error(`an entry of ${size} bytes is larger than the whole cache, ${maxSize} bytes`);
