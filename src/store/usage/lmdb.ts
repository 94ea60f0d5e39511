import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, openEnvironment } from '../lmdb-environment.ts';
import { decodeFigures, decodeLabels } from './codec.ts';
import { decodeBlock } from './exchanges.ts';
import type { Figures } from './figures.ts';
import { Gathering } from './gathered.ts';
import { beganAt, isCounter, kinds, type Period, periodEnd, periodStart, STAYS } from './keys.ts';
import { DAY_MS, HOUR_MS, type Labels, type UsageRecord } from './store.ts';
import { Sweeper } from './sweep.ts';
import { Tables } from './tables.ts';

const MAP_BYTES = 2 ** 30;
/** Left free of the disk: more than can be written between two looks. */
const SPARE_BYTES = 2 ** 25;
const WRITE_EVERY_MS = 1000;
/** Groups of hours to come are looked for so often. */
const SET_RIGHT_MS = 60_000;

/** A group of one hour or day. */
export interface Rollup {
  /** When the hour or day began (UTC), ms since the epoch. */
  readonly at: number;
  readonly labels: Labels;
  readonly figures: Figures;
}

export interface UsageOptions {
  /** How long figures are kept, ms; hours are for 14 days at most. */
  readonly keepMs: number;
  /** How many exchanges are kept one by one. */
  readonly exchanges: number;
  /** Told once of trouble with the disk, and again when there was none in between. */
  onProblem(line: string): void;
}

export const usageFolder = (dataDir: string): string => join(dataDir, 'usage');

/** Whether anything was ever kept there. */
export const isUsageKept = (dataDir: string): boolean => existsSync(join(usageFolder(dataDir), 'data.mdb'));

/**
 * What exchanges came to, in LMDB under a folder, by several processes of one machine. What is added is gathered in
 * memory and written once a second, in one transaction that adds to what is there; a killed process loses that second.
 */
export class UsageStore {
  private readonly environment: Environment;
  private readonly gathering: Gathering;
  private readonly sweeper: Sweeper;
  private readonly path: string;
  private readonly writing: NodeJS.Timeout | undefined;
  private isInTrouble = false;
  private setRightAt = 0;
  private closing: Promise<void> | undefined;

  /**
   * @param dataDir - figures are in `usage` below it
   * @param options - left out by those who only read
   * @throws Error that has the path and the reason when it can't be used
   */
  constructor(
    dataDir: string,
    private readonly options?: UsageOptions,
  ) {
    this.path = usageFolder(dataDir);
    try {
      this.environment = openEnvironment(this.path, { mapSize: MAP_BYTES });
      if (options) this.write((db) => db.putSync(STAYS, Buffer.of(0)));
    } catch (error) {
      throw new Error(`usage can't be kept in ${this.path}: ${(error as Error).message}`, { cause: error });
    }
    this.gathering = new Gathering(options?.exchanges ?? 0);
    this.sweeper = new Sweeper(this.environment.db, options?.keepMs ?? Infinity);
    if (options) this.writing = setInterval(() => this.flush(), WRITE_EVERY_MS).unref();
  }

  /** Counts an exchange; it is on disk a second later. */
  add(record: UsageRecord): void {
    this.gathering.add(record);
  }

  /** Writes what is gathered. What the disk does not take is held, within bounds, and tried again. */
  flush(): void {
    try {
      if (!this.gathering.isEmpty) {
        this.refuseFullDisk();
        this.write((db) => {
          const tables = new Tables(db);
          for (const group of this.gathering.all()) tables.add(group);
          const most = this.options?.exchanges ?? 0;
          if (most > 0) tables.addExchanges(this.gathering.newest(), most);
        });
        this.gathering.clear();
      }
      this.sweep();
      this.isInTrouble = false;
    } catch (error) {
      if (!this.isInTrouble) this.options?.onProblem(`usage can't be written: ${(error as Error).message}`);
      this.isInTrouble = true;
    }
  }

  /** Groups of periods that began at `from` or later and before `until`, the oldest first. */
  *rollups(period: Period, from: number, until = Infinity): Generator<Rollup, void> {
    const end = until === Infinity ? periodEnd(period) : periodStart(period, until);
    const range = this.environment.db.getRange({ start: periodStart(period, from), end });
    for (const { key, value } of range) {
      if (isCounter(key)) continue;
      const labels = decodeLabels(value);
      const figures = decodeFigures(value);
      if (labels && figures) yield { at: beganAt(key), labels, figures };
    }
  }

  /** The last exchanges, the newest first. */
  last(most: number): UsageRecord[] {
    const records: UsageRecord[] = [];
    const range = { start: Buffer.of(kinds.exchanges + 1), end: Buffer.of(kinds.exchanges), reverse: true };
    for (const { key, value } of this.environment.db.getRange(range)) {
      if (key[0] !== kinds.exchanges) continue;
      records.push(...decodeBlock(value));
      // Processes write in turns: a little more, to be put in order.
      if (records.length >= most + 2048) break;
    }
    // What a clock that ran ahead dated hides nothing.
    const latest = Date.now() + HOUR_MS;
    const rank = ({ at }: UsageRecord): number => (at <= latest ? at : 0);
    return records.toSorted((a, b) => rank(b) - rank(a)).slice(0, most);
  }

  close(): Promise<void> {
    return (this.closing ??= this.writeAndClose());
  }

  private async writeAndClose(): Promise<void> {
    clearInterval(this.writing);
    if (this.options) this.flush();
    await this.environment.db.close();
    this.environment.gate.close();
  }

  private sweep(): void {
    const now = Date.now();
    this.setRight(now);
    const ended = this.sweeper.step(now);
    if (ended.length === 0) return;
    this.write((db) => {
      for (const key of ended) db.removeSync(key);
    });
  }

  /** What was counted while the clock ran ahead belongs to now, as nobody knows better. */
  private setRight(now: number): void {
    // Not longer than that: the clock may be set back again.
    if (now < this.setRightAt && this.setRightAt <= now + SET_RIGHT_MS) return;
    const ahead = this.sweeper.ahead(now);
    if (ahead.length === 0) {
      this.setRightAt = now + SET_RIGHT_MS;
      return;
    }
    this.write((db) => {
      const tables = new Tables(db);
      for (const key of ahead) tables.move(key, now - (now % (key[0] === kinds.day ? DAY_MS : HOUR_MS)));
    });
  }

  private refuseFullDisk(): void {
    const { bavail, bsize } = statfsSync(this.path);
    if (bavail * bsize < SPARE_BYTES) throw new Error(`the disk of ${this.path} is full`);
  }

  private write(action: (db: Environment['db']) => void): void {
    const { db, gate } = this.environment;
    gate.enter();
    try {
      db.transactionSync(() => action(db));
    } finally {
      gate.leave();
    }
  }
}

/** What `since` asks of: whole days, or hours for a short time. */
export const periodFor = (sinceMs: number): Period => (sinceMs < 3 * DAY_MS ? 'hour' : 'day');
