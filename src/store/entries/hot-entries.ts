import type { Entry } from './store.ts';

/** What was read, and what it says. */
export interface Hot {
  /** Memory of its own. */
  readonly bytes: Buffer;
  readonly entry: Entry;
}

const MOST_BYTES = 8 * 2 ** 20;
/** One larger entry takes no place of many, and reading it costs more than making it out. */
const MOST_OF_ONE = 2 ** 16;

/** Entries as they were read last: what was read again, and is the same, need not be checked and parsed again. */
export class HotEntries {
  private readonly hot = new Map<string, Hot>();
  private bytes = 0;

  find(key: string): Hot | undefined {
    return this.hot.get(key);
  }

  note(key: string, hot: Hot): void {
    this.forget(key);
    const { length } = hot.bytes;
    if (length > MOST_OF_ONE) return;
    // The oldest goes: a Map keeps the order in which they came.
    while (this.bytes + length > MOST_BYTES) this.forget(this.hot.keys().next().value!);
    this.hot.set(key, hot);
    this.bytes += length;
  }

  forget(key: string): void {
    const hot = this.hot.get(key);
    if (hot === undefined) return;
    this.hot.delete(key);
    this.bytes -= hot.bytes.length;
  }
}
