/** What an index holds of an entry: its own size, and what the store wants to know beside it. */
export interface Sized {
  /** What it takes of the cache's size, bytes. */
  readonly size: number;
}

interface Node<T> {
  readonly key: string;
  value: T;
  older: Node<T>;
  newer: Node<T>;
}

/**
 * Which entries there are, in the order of their use, in memory. It does no I/O and decides nothing by itself: a store
 * asks for `victims`, removes them where they are kept, and here.
 *
 * - `note(key, value)` puts an entry in, or in place of the one there was; it is the newest now
 * - `get(key)` looks; `use(key)` looks and makes it the newest
 * - `victims(size, key)` are the keys to remove, oldest first, before an entry of that size fits under that key
 * - `remove(key)`, `clear()`
 * - `bytes`, `entries` are the totals; `[Symbol.iterator]` goes from the oldest to the newest as `[key, value]`, and
 *   may be written beside: entries that are removed meanwhile end the walk no earlier
 *
 * All but `victims` and the walk take a fixed time. A ring beside the map, and no map in the order of use: a `Map`
 * from whose front much was deleted is walked over all that was there.
 */
export class LruIndex<T extends Sized> {
  private readonly nodes = new Map<string, Node<T>>();
  /** Between the newest and the oldest. */
  private readonly end: Node<T>;
  private total = 0;

  /** @param maxSize bytes */
  constructor(readonly maxSize: number) {
    const end = { key: '' } as Node<T>;
    end.older = end;
    end.newer = end;
    this.end = end;
  }

  get entries(): number {
    return this.nodes.size;
  }

  /** The sum of their sizes. */
  get bytes(): number {
    return this.total;
  }

  note(key: string, value: T): void {
    let node = this.nodes.get(key);
    if (node) {
      this.total -= node.value.size;
      node.value = value;
      unlink(node);
    } else {
      node = { key, value, older: this.end, newer: this.end };
      this.nodes.set(key, node);
    }
    this.total += value.size;
    this.linkAsNewest(node);
  }

  get(key: string): T | undefined {
    return this.nodes.get(key)?.value;
  }

  use(key: string): T | undefined {
    const node = this.nodes.get(key);
    if (node === undefined) return undefined;
    if (node !== this.end.older) {
      unlink(node);
      this.linkAsNewest(node);
    }
    return node.value;
  }

  /** @returns what was there */
  remove(key: string): T | undefined {
    const node = this.nodes.get(key);
    if (node === undefined) return undefined;
    this.nodes.delete(key);
    this.total -= node.value.size;
    unlink(node);
    return node.value;
  }

  /**
   * What has to go before an entry of `size` bytes fits in place of the one under `key`, which is not among them.
   * All the others when even that is not enough: a store refuses an entry over `maxSize` before it asks.
   */
  victims(size: number, key = ''): string[] {
    const victims: string[] = [];
    let over = this.total + size - (this.get(key)?.size ?? 0) - this.maxSize;
    for (let node = this.end.newer; over > 0 && node !== this.end; node = node.newer) {
      if (node.key === key) continue;
      victims.push(node.key);
      over -= node.value.size;
    }
    return victims;
  }

  clear(): void {
    this.nodes.clear();
    this.end.older = this.end;
    this.end.newer = this.end;
    this.total = 0;
  }

  /** Of a snapshot of the keys: what is noted meanwhile is left out, as is what is removed before its turn. */
  *[Symbol.iterator](): Generator<[key: string, value: T]> {
    const keys: string[] = [];
    for (let node = this.end.newer; node !== this.end; node = node.newer) keys.push(node.key);
    for (const key of keys) {
      const value = this.get(key);
      if (value) yield [key, value];
    }
  }

  private linkAsNewest(node: Node<T>): void {
    const { end } = this;
    node.older = end.older;
    node.newer = end;
    end.older.newer = node;
    end.older = node;
  }
}

function unlink<T>(node: Node<T>): void {
  node.older.newer = node.newer;
  node.newer.older = node.older;
}
