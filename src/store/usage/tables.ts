import type { Database } from '../lmdb-environment.ts';
import { decodeFigures, decodeLabels, encodeGroup } from './codec.ts';
import { addFigures } from './figures.ts';
import { BLOCK, countIn, encodeBlock } from './exchanges.ts';
import type { Gathered } from './gathered.ts';
import { blockKey, groupKey, HEAD_KEY, isCounter, kinds, type Period } from './keys.ts';
import { DAY_MS, type Labels, OTHER, type UsageRecord } from './store.ts';

/** Of one hour or day: users told apart, groups of one of them, and groups in all. */
const MOST_USERS = 1000;
const MOST_OF_USER = 60;
const MOST_GROUPS = 5000;

/** What may lie on disk and how it changes. Each call is made in a transaction that writes. */
export class Tables {
  constructor(private readonly db: Database<Buffer, Buffer>) {}

  /** Takes a group to another hour or day, which has its own bounds. @param key - of a group or a counter */
  move(key: Buffer, to: number): void {
    const value = this.db.getBinary(key);
    const labels = value && !isCounter(key) ? decodeLabels(value) : undefined;
    const figures = value && labels && decodeFigures(value);
    if (labels && figures) this.addTo(key[0] === kinds.day ? 'day' : 'hour', to, labels, figures);
    this.db.removeSync(key);
  }

  /** Adds what was gathered to its hour and its day. */
  add({ hour, labels, figures }: Gathered): void {
    this.addTo('hour', hour, labels, figures);
    this.addTo('day', hour - (hour % DAY_MS), labels, figures);
  }

  /** Adds to the last `most` exchanges, and takes away what is older. */
  addExchanges(records: readonly UsageRecord[], most: number): void {
    const head = this.db.getBinaryFast(HEAD_KEY);
    const isWhole = head?.length === 24;
    let first = isWhole ? head.readDoubleLE(0) : 0;
    let next = isWhole ? head.readDoubleLE(8) : 0;
    let count = isWhole ? head.readDoubleLE(16) : 0;
    for (let at = 0; at < records.length; at += BLOCK) {
      const block = records.slice(at, at + BLOCK);
      this.db.putSync(blockKey(next), encodeBlock(block));
      next += 1;
      count += block.length;
    }
    for (; first < next - 1; first += 1) {
      const key = blockKey(first);
      const bytes = this.db.getBinaryFast(key);
      if (bytes === undefined) continue;
      const left = count - countIn(bytes);
      if (left < most) break;
      this.db.removeSync(key);
      count = left;
    }
    const changed = Buffer.alloc(24);
    changed.writeDoubleLE(first, 0);
    changed.writeDoubleLE(next, 8);
    changed.writeDoubleLE(count, 16);
    this.db.putSync(HEAD_KEY, changed);
  }

  private addTo(period: Period, at: number, labels: Labels, figures: Gathered['figures']): void {
    const place = this.placeOf(period, at, labels);
    const bytes = this.db.getBinaryFast(place.key);
    const before = bytes && decodeFigures(bytes);
    if (before) addFigures(before, figures);
    this.db.putSync(place.key, encodeGroup(place.labels, before ?? figures));
  }

  /** The group itself, or where there are too many already one that is less exact. */
  private placeOf(period: Period, at: number, labels: Labels): { key: Buffer; labels: Labels } {
    const key = groupKey(period, at, labels);
    if (this.db.getBinaryFast(key)) return { key, labels };
    const all = new Counter(this.db, groupKey(period, at, undefined));
    const own = new Counter(this.db, groupKey(period, at, labels, true));
    const isKnown = own.groups > 0 || all.users < MOST_USERS;
    const isRoom = own.groups < MOST_OF_USER && all.groups < MOST_GROUPS;
    for (const [isAllowed, fits] of [
      [isKnown && isRoom, labels],
      [isKnown && own.groups < MOST_OF_USER + 20, { ...labels, model: OTHER }],
      [isKnown, { ...labels, route: OTHER, model: OTHER }],
      [true, { ...labels, user: OTHER, route: OTHER, model: OTHER }],
    ] as const) {
      const place = groupKey(period, at, fits);
      if (this.db.getBinaryFast(place)) return { key: place, labels: fits };
      if (!isAllowed) continue;
      all.count(own.groups === 0);
      // Who is counted as another has no count of his own.
      if (fits.user === labels.user) own.count(false);
      return { key: place, labels: fits };
    }
    throw new Error('the last is always allowed');
  }
}

/** How many groups there are of a period, or of a user in it. */
class Counter {
  groups: number;
  users: number;

  constructor(
    private readonly db: Database<Buffer, Buffer>,
    private readonly key: Buffer,
  ) {
    const bytes = db.getBinaryFast(key);
    const isWhole = bytes?.length === 8;
    this.groups = isWhole ? bytes.readUInt32LE(0) : 0;
    this.users = isWhole ? bytes.readUInt32LE(4) : 0;
  }

  count(isNewUser: boolean): void {
    this.groups += 1;
    if (isNewUser) this.users += 1;
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(this.groups, 0);
    bytes.writeUInt32LE(this.users, 4);
    this.db.putSync(this.key, bytes);
  }
}
