import { addRecord, type Figures, noFigures } from './figures.ts';
import { cutLabel, HOUR_MS, type Labels, OTHER, type UsageRecord } from './store.ts';

/** Groups that are held in memory; what more come in a second are one. */
const MOST_GROUPS = 1000;
/** Keys have seconds in 32 bits. */
const LATEST_MS = 2 ** 32 * 1000;

/** One group of one hour. */
export interface Gathered {
  /** When the hour began, ms. */
  readonly hour: number;
  readonly labels: Labels;
  readonly figures: Figures;
}

/** What is not written yet: bounded, however long the disk takes. */
export class Gathering {
  private readonly groups = new Map<string, Gathered>();
  private records: UsageRecord[] = [];

  /** @param mostRecords - exchanges that are held one by one, the newest of them */
  constructor(private readonly mostRecords: number) {}

  add(record: UsageRecord): void {
    addRecord(this.groupOf(record).figures, record);
    if (this.mostRecords === 0) return;
    this.records.push(record);
    // Cut seldom: it copies.
    if (this.records.length >= 2 * this.mostRecords) this.records = this.records.slice(-this.mostRecords);
  }

  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  all(): Iterable<Gathered> {
    return this.groups.values();
  }

  newest(): readonly UsageRecord[] {
    return this.records.length > this.mostRecords ? this.records.slice(-this.mostRecords) : this.records;
  }

  clear(): void {
    this.groups.clear();
    this.records = [];
  }

  private groupOf({ at, user, target, route, model }: UsageRecord): Gathered {
    // A clock that is far off must not make a key that can't be written.
    const known = at >= 0 && at < LATEST_MS ? at : Date.now();
    const hour = known - (known % HOUR_MS);
    const key = `${hour}\n${user}\n${target}\n${route}\n${model}`;
    const found = this.groups.get(key);
    if (found) return found;
    const isFull = this.groups.size >= MOST_GROUPS;
    const labels = isFull
      ? { user: OTHER, target: OTHER, route: OTHER, model: OTHER }
      : { user: cutLabel(user), target: cutLabel(target), route: cutLabel(route), model: cutLabel(model) };
    // Those of a full memory are one an hour.
    const own = isFull ? `${hour}\n` : key;
    const made = this.groups.get(own) ?? { hour, labels, figures: noFigures() };
    this.groups.set(own, made);
    return made;
  }
}
