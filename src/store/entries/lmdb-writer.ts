import { ABORT, type Environment } from '../lmdb-environment.ts';
import type { Room } from './lmdb-room.ts';
import { LmdbTables } from './lmdb-tables.ts';

/** A part of a transaction. */
export interface Job {
  /** How many pages it writes, about. */
  readonly pages: number;
  /** Whether it adds an entry. */
  readonly adds: boolean;
  /**
   * Within a transaction. It may be run again: when it says so, after the commit, or when that failed.
   * @returns whether it is done
   */
  run(): boolean;
  done(): void;
  failed(error: unknown): void;
}

/** Every entry that goes changes so many pages: a leaf of each table. */
const PAGES_PER_ENTRY = 3;
/** Who reads what was there before holds up the others no longer than a turn of his event loop, if he lives. */
const PATIENCE_MS = 2000;
const PAUSE_MS = 5;

/** Writes to the tables: all jobs of one turn of the event loop in one transaction, and none without room. */
export class LmdbWriter {
  readonly tables: LmdbTables;
  /** Entries that one transaction removes or touches at most. */
  readonly entriesAtOnce: number;
  private jobs: Job[] = [];
  private draining: Promise<void> | undefined;

  /** @param touchedAt - when an entry was used, as far as that isn't written */
  constructor(
    private readonly path: string,
    private readonly environment: Environment,
    private readonly room: Room,
    private readonly touchedAt: (key: Buffer) => number | undefined,
  ) {
    this.entriesAtOnce = Math.floor(room.budget / PAGES_PER_ENTRY);
    this.tables = new LmdbTables(environment.db, (action) => this.write(action));
  }

  enqueue(job: Job): void {
    this.jobs.push(job);
    this.draining ??= this.drain();
  }

  /** Whether so many pages can be written. */
  hasDisk(pages: number): boolean {
    return this.room.hasDisk(this.path, pages, this.tables);
  }

  /** Resolves when all that was enqueued is written, or failed. */
  async settled(): Promise<void> {
    while (this.draining) await this.draining;
  }

  /** Within a transaction: removes the oldest. @returns the bytes that were freed */
  evict(bytes: number): number {
    return this.tables.evict(bytes, this.entriesAtOnce, this.touchedAt);
  }

  private async drain(): Promise<void> {
    while (this.jobs.length > 0) {
      await nextTurn();
      await this.commit(this.takeBatch());
    }
    this.draining = undefined;
  }

  private takeBatch(): Job[] {
    let pages = 0;
    let count = 0;
    while (count < this.jobs.length && (count === 0 || pages + this.jobs[count]!.pages <= this.room.budget))
      pages += this.jobs[count++]!.pages;
    return this.jobs.splice(0, count);
  }

  private async commit(batch: Job[]): Promise<void> {
    let open = batch;
    try {
      while (open.length > 0) open = await this.runAll(open);
    } catch (error) {
      // One of them may be too much for the disk, and the others not.
      if (open.length > 1) for (const job of open) await this.commit([job]);
      else open[0]!.failed(error);
    }
  }

  /** @returns the jobs that are not done after the commit */
  private async runAll(jobs: Job[]): Promise<Job[]> {
    let finished = 0;
    // Beside the jobs' own pages there are those of entries that go for them.
    const pages = jobs.reduce((sum, job) => sum + job.pages, this.room.budget);
    const adds = jobs.some((job) => job.adds);
    await this.writeWhereItFits(pages, adds, () => {
      finished = 0;
      while (finished < jobs.length && jobs[finished]!.run()) finished += 1;
    });
    for (const job of jobs.slice(0, finished)) job.done();
    return jobs.slice(finished);
  }

  private async writeWhereItFits(pages: number, adds: boolean, action: () => void): Promise<void> {
    if (adds && !this.hasDisk(pages)) throw new Error('the disk is full');
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      let fits = false;
      this.write(() => {
        fits = this.room.fits(pages, adds, this.tables.fileEnd());
        if (!fits) return ABORT;
        this.tables.begin();
        action();
        this.tables.end();
      });
      if (fits) return;
      const progress = this.makeRoom(pages);
      if (progress === 'none') throw new Error('there is no room in the file');
      if (progress === 'pinned') {
        if (performance.now() > deadline) throw new Error('a process reads for so long that no room is left');
        await Bun.sleep(PAUSE_MS);
      }
    }
  }

  /** Removes the oldest, a bounded step, and makes their pages ones that can be used. */
  private makeRoom(pages: number): 'some' | 'none' | 'pinned' {
    const { room, tables } = this;
    const { db } = this.environment;
    let lacking = 0;
    let freed = 0;
    this.write(() => {
      tables.begin();
      lacking = room.lacking(pages, tables);
      if (lacking > 0) freed = this.evict(lacking * tables.pageSize);
      tables.end();
    });
    // What this one freed can be used two later.
    for (let i = 0; i < 2; i++)
      this.write(() => {
        tables.begin();
        tables.end();
      });
    // Those of processes that are no more.
    db.readerCheck();
    if (!room.count(tables, db.readerList())) return 'pinned';
    return lacking > 0 && freed === 0 ? 'none' : 'some';
  }

  private write(action: () => unknown): void {
    const { db, gate } = this.environment;
    gate.enter();
    try {
      db.transactionSync(action);
    } finally {
      gate.leave();
    }
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
