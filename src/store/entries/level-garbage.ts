/** Bodies that were written one after another, from the number `first` on. */
interface Segment {
  readonly first: number;
  /** Live and dead ones together. */
  bytes: number;
  dead: number;
}

/** Below this share of dead bytes it isn't worth while to write the others again. */
const WORTH_WHILE = 0.1;

/**
 * Where in the folder deleted bodies lie. They are numbered in the order of their arrival and lie in it, so that a
 * stretch of numbers is a stretch of files: to get most room for least rewriting, an engine is told the stretches with
 * most dead.
 */
export class Garbage {
  /** By `first`. */
  private segments: Segment[] = [];

  /** @param segmentSize bytes */
  constructor(private readonly segmentSize: number) {}

  /** A body was written; its number is above all before it. */
  written(number: number, size: number): void {
    const last = this.segments.at(-1);
    if (last && last.bytes < this.segmentSize) last.bytes += size;
    else this.segments.push({ first: number, bytes: size, dead: 0 });
  }

  clear(): void {
    this.segments = [];
  }

  deleted(number: number, size: number): void {
    const segment = this.segments[this.indexOf(number)];
    if (segment) segment.dead += size;
  }

  /** It did not come to that: the entry is there still. */
  undeleted(number: number, size: number): void {
    this.deleted(number, -size);
  }

  /**
   * Stretches to compact for getting `bytes` back, which then count as clean. Fewer, longer ones where they touch.
   *
   * @returns none when there is too little to be had; `to` is not in it, Infinity for the end
   */
  take(bytes: number): { from: number; to: number }[] {
    const rotten = this.segments
      .map((segment, at) => ({ segment, at, share: segment.dead / segment.bytes }))
      .filter(({ share }) => share > WORTH_WHILE)
      .toSorted((a, b) => b.share - a.share);
    const taken: number[] = [];
    let found = 0;
    for (const { segment, at } of rotten) {
      if (found >= bytes) break;
      found += segment.dead;
      taken.push(at);
    }
    const stretches: { from: number; to: number }[] = [];
    for (const at of taken.toSorted((a, b) => a - b)) {
      const segment = this.segments[at]!;
      const to = this.segments[at + 1]?.first ?? Infinity;
      segment.bytes -= segment.dead;
      segment.dead = 0;
      const before = stretches.at(-1);
      if (before?.to === segment.first) before.to = to;
      else stretches.push({ from: segment.first, to });
    }
    // The newest may be written to.
    const newest = this.segments.at(-1);
    this.segments = this.segments.filter((segment) => segment.bytes > 0 || segment === newest);
    return stretches;
  }

  /** The last segment that begins at `number` or before. */
  private indexOf(number: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.segments[middle]!.first <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
