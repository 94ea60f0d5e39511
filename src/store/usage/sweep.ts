import type { RootDatabase } from '../lmdb-environment.ts';
import { type Period, periodEnd, periodStart } from './keys.ts';
import { DAY_MS, HOUR_MS } from './store.ts';

/** Hours are for looking closely at the last days; days are kept for longer. */
const HOURS_KEPT_MS = 14 * DAY_MS;
/** One step: so many groups, and no more. */
const SWEPT_AT_ONCE = 1024;
/** When nothing was found. */
const LOOK_EVERY_MS = 60_000;
/** Groups that may be kept, of all periods: at their longest half of the file's room. */
const MOST_ENTRIES = 300_000;

/** Finds what goes: what is older than it is kept, and the oldest when there is too much. */
export class Sweeper {
  private nextAt = 0;

  /** @param keepMs - how long days are kept */
  constructor(
    private readonly db: RootDatabase<Buffer, Buffer>,
    private readonly keepMs: number,
    private readonly mostEntries = MOST_ENTRIES,
  ) {}

  /** @returns keys to be removed, a bounded number; it is cheap when there are none */
  step(now: number): Buffer[] {
    const { entryCount } = this.db.getStats() as { entryCount: number };
    const excess = Math.min(SWEPT_AT_ONCE, entryCount - this.mostEntries);
    if (excess > 0) {
      const oldest = this.before('hour', Infinity, excess);
      return oldest.length > 0 ? oldest : this.before('day', Infinity, excess);
    }
    // Not longer than that: the clock may be set back.
    if (now < this.nextAt && this.nextAt <= now + LOOK_EVERY_MS) return [];
    // Pages that a killed reader looked at can be used again.
    this.db.readerCheck();
    const ended = this.before('hour', now - Math.min(this.keepMs, HOURS_KEPT_MS), SWEPT_AT_ONCE);
    const rest = SWEPT_AT_ONCE - ended.length;
    if (rest > 0) ended.push(...this.before('day', now - this.keepMs, rest));
    if (ended.length < SWEPT_AT_ONCE) this.nextAt = now + LOOK_EVERY_MS;
    return ended;
  }

  /** Keys of periods that have not begun, a bounded number: a clock that ran ahead counted in them. */
  ahead(now: number): Buffer[] {
    const range = (period: Period) => ({
      start: periodStart(period, now + HOUR_MS),
      end: periodEnd(period),
      limit: SWEPT_AT_ONCE,
    });
    return (['hour', 'day'] as const).flatMap((period) =>
      Array.from(this.db.getKeys(range(period)), (key) => Buffer.from(key)),
    );
  }

  /** Keys of periods that had ended at `time`. */
  private before(period: Period, time: number, limit: number): Buffer[] {
    const length = period === 'day' ? DAY_MS : DAY_MS / 24;
    const end = time === Infinity ? periodEnd(period) : periodStart(period, time - length);
    const range = this.db.getKeys({ start: periodStart(period, 0), end, limit });
    return [...range].map((key) => Buffer.from(key));
  }
}
