import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Garbage } from './level-garbage.ts';
import type { LevelEngine } from './level-engine.ts';
import { bodyKey, BODIES } from './level-records.ts';

/** Of the cache's size, what entries may take at most: the rest is for what an engine has not cleared away yet. */
const LIVE_SHARE = 0.9;
/** They are never pressed below this, whatever the folder looks like. */
const LEAST_SHARE = 0.5;
const SHARE_STEP = 0.005;
/** From here on room is got back … */
const RECLAIM_SHARE = 0.97;
const RECLAIMED_SHARE = 0.06;
/** … and from here on nothing is written until there is some. */
const HOLD_SHARE = 1;
/** Measured anew when so much was written. */
const MEASURED_EVERY_SHARE = 0.004;
const SEGMENT_SHARE = 1 / 64;
const LOOK_AGAIN_MS = 5;
/** What is written must not wait for ever for an engine that does not get on. */
const HELD_AT_MOST_MS = 10_000;

/**
 * Keeps the folder near the cache's size. What is deleted stays in an engine's files until they are compacted: deleting
 * alone would let the folder grow to several times the size. So the files are measured; an engine that can be told to
 * is told which stretches to compact, writes wait while it is behind, and where that does not help, entries get less.
 */
export class Folder {
  readonly garbage: Garbage;
  private share = LIVE_SHARE;
  private unmeasured = Infinity;
  private reclaiming: Promise<void> | undefined;

  constructor(
    private readonly engine: LevelEngine,
    private readonly path: string,
    private readonly maxSize: number,
  ) {
    this.garbage = new Garbage(maxSize * SEGMENT_SHARE);
  }

  /** What entries may take together, bytes. */
  get room(): number {
    return this.maxSize * this.share;
  }

  /** To be awaited before a write. */
  async ready(bytes: number): Promise<void> {
    this.unmeasured += bytes;
    // Deletions are never held: they are what helps.
    if (bytes === 0 || this.unmeasured < this.maxSize * MEASURED_EVERY_SHARE) return;
    this.unmeasured = 0;
    let hasReclaimed = false;
    const until = performance.now() + HELD_AT_MOST_MS;
    for (;;) {
      const size = sizeOfFolder(this.path) / this.maxSize;
      const isBehind = this.engine.isBehind();
      if (size > RECLAIM_SHARE && this.reclaiming === undefined && !hasReclaimed) {
        this.reclaim(size > HOLD_SHARE);
        hasReclaimed = true;
      }
      if (size < HOLD_SHARE && !isBehind) {
        if (size < RECLAIM_SHARE) this.share = Math.min(LIVE_SHARE, this.share + SHARE_STEP / 5);
        return;
      }
      if (this.reclaiming === undefined && !isBehind && !this.engine.isCompacting()) {
        // It does nothing by itself now; more has to be deleted.
        this.share = Math.max(LEAST_SHARE, this.share - SHARE_STEP);
        return;
      }
      if (performance.now() > until) {
        this.unmeasured = Infinity;
        throw new Error('what was deleted is not cleared away: the folder would become too large');
      }
      await Promise.race([Bun.sleep(LOOK_AGAIN_MS), this.reclaiming ?? Bun.sleep(LOOK_AGAIN_MS)]);
    }
  }

  async idle(): Promise<void> {
    await this.reclaiming;
  }

  private reclaim(isUrgent: boolean): void {
    const { compact } = this.engine;
    if (compact === undefined) return;
    const stretches = this.garbage.take(this.maxSize * RECLAIMED_SHARE);
    // What was deleted before this process opened the store: it is not known where.
    if (stretches.length === 0 && !isUrgent) return;
    const ranges: (readonly [Buffer, Buffer])[] = stretches.map(
      ({ from, to }) => [bodyKey(from), bodyKey(to)] as const,
    );
    if (ranges.length === 0) ranges.push(BODIES);
    this.reclaiming = (async () => {
      // A failure here is one of the next write as well, and told there.
      for (const [from, to] of ranges) await compact.call(this.engine, from, to).catch(() => {});
      this.reclaiming = undefined;
    })();
  }
}

/** Bytes of all files in it. They come and go meanwhile. */
export function sizeOfFolder(path: string): number {
  let size = 0;
  for (const name of readdirSync(path))
    size += statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0;
  return size;
}
