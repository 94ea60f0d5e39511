import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { ABORT, freePages, oldestReader, openEnvironment, type RootDatabase } from '../lmdb-environment.ts';
import type { Gate } from '../lmdb-gate.ts';
import { Space } from '../lmdb-space.ts';
import { isUnused, KEY_BYTES, LmdbChunks } from './lmdb-chunks.ts';
import { Codec, endsOf } from './lmdb-codec.ts';
import { correct, decide, State } from './strategies.ts';
import {
  type Decision,
  KEPT_BEYOND_END_MS,
  type Meter,
  strategies,
  type Strategy,
  type WindowStore,
} from './store.ts';

/**
 * An entry that is never removed: lmdb 3.5.6 ends the process (an assertion in mdb_freelist_save) when the last one of a
 * young database is. No digest is this key.
 */
const STAYS = Buffer.alloc(KEY_BYTES);
/** One step of the sweep, which holds up requests: so many windows looked at, and no more. */
const SWEPT_AT_ONCE = 128;
/** A step comes after so many hits, fewer than it looks at: new windows can't outrun it. */
const HITS_PER_SWEEP = 64;
/** And when nothing is asked. */
const SWEEP_EVERY_MS = 500;
/**
 * Room for thirteen million windows of one request. `useWritemap`: a commit writes to the mapped pages, with no system
 * call (3.6 µs, where it is 8.7 with them). That is as safe from `kill -9`: pages in use are never written over, and the
 * commit is the last word written. The file is sparse and takes what is used. A page that the disk has no room for would
 * be a bus error: see `lmdb-space.ts`. What the kernel had not written when the machine lost power is lost: a window begins anew.
 */
const MAP_BYTES = 2 ** 30;
/** Left free, of the map and of the disk: more than can be written between two looks. */
const SPARE_BYTES = 2 ** 26;
/** Each process looks after it has written so much, and so often as it tends: half of what is spare serves 32 of them. */
const LOOK_AFTER_BYTES = 2 ** 20;
/** The way from the root to a leaf, and the list of free pages: all new where somebody holds the old ones. */
const BYTES_PER_PUT = 4 * 4096;
/** Decided in one transaction: more would hardly make each cheaper, and need much space to be taken for all that they may write. */
const MOST_JOBS = 64;
/** What a transaction writes beside its windows. */
const BYTES_PER_WRITE = 2 ** 17;
/** Who reads a snapshot for so many transactions (stopped, most likely) holds all pages that were freed since. */
const HELD_TRANSACTIONS = 1000;
/** Hits that come closer together than this are decided together, ms. */
const CLOSE_MS = 0.2;
/** How many users are remembered to have used up their window. */
const MOST_FULL = 10_000;
/** And for how many windows, what their keys are. */
const MOST_DIGESTS = 10_000;

/** One call's part of a transaction. */
interface Job {
  /** @returns whether it wrote */
  run(): boolean;
  /** How many windows it may write. */
  readonly puts: number;
  /** The transaction is committed. */
  done(): void;
  failed(error: unknown): void;
}

/** Windows in LMDB under a folder: exact between processes of one machine, and kept over restarts. */
export class LmdbWindows implements WindowStore {
  private readonly path: string;
  private readonly mapBytes: number;
  private readonly db: RootDatabase<Buffer, Buffer>;
  private readonly gate: Gate;
  private readonly space: Space;
  private readonly codec = new Codec();
  private readonly digests: Record<Strategy, Map<string, Buffer>> = {
    'fixed-window': new Map(),
    'fixed-window-elastic-expiry': new Map(),
    'moving-window': new Map(),
  };
  /** The windows of one hit, one a meter, used again for the next. */
  private readonly chunks: LmdbChunks[] = [];
  private readonly held: State[] = [];
  private jobs: Job[] = [];
  /** Windows that refused, by key, and until when: {@link refuseByReading}. */
  private readonly full = new Map<string, number>();
  private readonly sweeping: NodeJS.Timeout;
  private noRoom: string | undefined;
  /** Since the last look at the room, at most. */
  private written = 0;
  private sweepFrom: Buffer | undefined;
  private hits = 0;
  private latest = 0;
  private latestAt = 0;

  /**
   * @param dir the data folder; windows are in `windows` below it
   * @param mapBytes as large as the file may get
   * @throws Error that has the path and the reason when it can't be used
   */
  constructor(dir: string, mapBytes = MAP_BYTES) {
    const path = join(dir, 'windows');
    this.path = path;
    this.mapBytes = mapBytes;
    try {
      const { db, gate } = openEnvironment(path, { useWritemap: true, mapSize: mapBytes });
      this.db = db;
      this.gate = gate;
      this.space = new Space(join(path, 'data.mdb'), freePages(db).pageSize);
      this.write(1, () => this.db.putSync(STAYS, Buffer.of(0)));
      this.guard();
      if (this.noRoom !== undefined) throw new Error(`less than ${SPARE_BYTES / 2 ** 20} MB are free`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`request windows can't be kept in ${path}: ${reason}`, { cause: error });
    }
    this.sweeping = setInterval(() => this.tend(), SWEEP_EVERY_MS).unref();
  }

  hit(meters: readonly Meter[], strategy: Strategy, now: number): Decision | Promise<Decision> {
    const at = performance.now();
    const isAlone = this.jobs.length === 0 && at - this.latestAt > CLOSE_MS;
    this.latest = now;
    this.latestAt = at;
    this.hits += 1;
    if (this.hits % HITS_PER_SWEEP === 0) this.sweep();
    const refused = this.refuseByReading(meters, strategy, now);
    if (refused) return refused;
    if (this.noRoom !== undefined) this.guard();
    if (this.noRoom !== undefined) throw new Error(this.noRoom);
    return isAlone ? this.hitAtOnce(meters, strategy, now) : this.hitWithOthers(meters, strategy, now);
  }

  /** Nobody to share a transaction with: waiting for the turn's end would only cost time. */
  private hitAtOnce(meters: readonly Meter[], strategy: Strategy, now: number): Decision {
    let decision!: Decision;
    this.write(meters.length, () => {
      decision = this.decide(meters, strategy, now);
      return this.putChanged(meters) ? undefined : ABORT;
    });
    if (!decision.allowed) this.rememberFull(meters, decision, now);
    return decision;
  }

  private hitWithOthers(meters: readonly Meter[], strategy: Strategy, now: number): Promise<Decision> {
    return new Promise((resolve, reject) => {
      let decision!: Decision;
      this.enqueue({
        puts: meters.length,
        run: () => {
          decision = this.decide(meters, strategy, now);
          return this.putChanged(meters);
        },
        done: () => {
          if (!decision.allowed) this.rememberFull(meters, decision, now);
          resolve(decision);
        },
        failed: reject,
      });
    });
  }

  settle(
    meters: readonly Meter[],
    strategy: Strategy,
    at: number,
    delta: number,
    now: number,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.enqueue({
        puts: meters.length,
        run: () => {
          this.read(meters, strategy);
          for (let i = 0; i < meters.length; i++) {
            this.full.delete(meters[i]!.key);
            correct(this.held[i]!, meters[i]!, strategy, at, delta, now);
          }
          return this.putChanged(meters);
        },
        done: resolve,
        failed: reject,
      });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.sweeping);
    this.flush();
    await this.db.close();
    this.gate.close();
  }

  /** How many windows and chunks of them are on disk, those that ended and wait to be swept included. */
  get size(): number {
    return (this.db.getStats() as { entryCount: number }).entryCount - 1;
  }

  /** What one turn of the event loop asks is one transaction, or few: under load it costs each request little. */
  private enqueue(job: Job): void {
    this.jobs.push(job);
    if (this.jobs.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { jobs } = this;
    this.jobs = [];
    for (let from = 0; from < jobs.length; from += MOST_JOBS)
      this.run(jobs.length <= MOST_JOBS ? jobs : jobs.slice(from, from + MOST_JOBS));
  }

  private run(jobs: readonly Job[]): void {
    let puts = 0;
    for (const job of jobs) puts += job.puts;
    try {
      this.write(puts, () => {
        let changed = false;
        for (const job of jobs) changed = job.run() || changed;
        // An aborted transaction costs next to nothing.
        return changed ? undefined : ABORT;
      });
    } catch (error) {
      for (const job of jobs) job.failed(error);
      return;
    }
    for (const job of jobs) job.done();
  }

  private decide(meters: readonly Meter[], strategy: Strategy, now: number): Decision {
    this.read(meters, strategy);
    return decide(meters, this.held, strategy, now);
  }

  /** @returns whether there was something */
  private putChanged(meters: readonly Meter[]): boolean {
    let changed = false;
    for (let i = 0; i < meters.length; i++) {
      if (!this.held[i]!.isChanged) continue;
      this.put(i);
      changed = true;
    }
    return changed;
  }

  /**
   * Who goes on after a refusal is refused without the lock that all processes wait for. It stays exact: until
   * the window's end a refusal changes nothing, and what a snapshot says that used it up only settling can take
   * back. So it serves those strategies in which a refusal writes nothing, and only refuses.
   */
  private refuseByReading(meters: readonly Meter[], strategy: Strategy, now: number): Decision | undefined {
    if (this.full.size === 0 || strategy === 'fixed-window-elastic-expiry') return undefined;
    if (!meters.some(({ key }) => now < (this.full.get(key) ?? 0))) return undefined;
    const decision = this.decide(meters, strategy, now);
    if (decision.allowed) return undefined;
    // What a clock that ran ahead had left is to be written.
    for (let i = 0; i < meters.length; i++) if (this.held[i]!.isChanged) return undefined;
    return decision;
  }

  private rememberFull(meters: readonly Meter[], { states }: Decision, now: number): void {
    if (this.full.size >= MOST_FULL) this.full.clear();
    for (let i = 0; i < meters.length; i++) {
      const { retryMs } = states[i]!;
      if (retryMs > 0) this.full.set(meters[i]!.key, now + retryMs);
    }
  }

  /** Every write of this store. @param puts - how many windows it may write or remove */
  private write(puts: number, action: () => unknown): void {
    if (this.written > LOOK_AFTER_BYTES) this.guard();
    this.gate.enter();
    try {
      this.db.transactionSync(() => {
        // The same for few: else few would go on where many can't, and the store would come and go.
        this.space.reserve(BYTES_PER_WRITE + Math.max(MOST_JOBS, puts) * BYTES_PER_PUT);
        return action();
      });
    } finally {
      this.gate.leave();
    }
  }

  private read(meters: readonly Meter[], strategy: Strategy): void {
    while (this.held.length < meters.length) {
      const chunks = new LmdbChunks(this.db, this.codec);
      this.chunks.push(chunks);
      this.held.push(new State(chunks));
    }
    for (let i = 0; i < meters.length; i++) {
      const { key, windowMs } = meters[i]!;
      const chunks = this.chunks[i]!;
      this.writeKey(key, strategy, chunks.windowKey);
      chunks.begin(windowMs);
      this.codec.decode(this.db.getBinaryFast(chunks.windowKey), this.held[i]!);
    }
  }

  private put(i: number): void {
    const [state, chunks] = [this.held[i]!, this.chunks[i]!];
    this.written += BYTES_PER_PUT + chunks.write();
    if (state.used === 0) {
      this.db.removeSync(chunks.windowKey);
      return;
    }
    const bytes = this.codec.encode(state);
    this.written += bytes.length;
    this.db.putSync(chunks.windowKey, bytes);
  }

  /** The strategy is part of it: a state is read by the one that wrote it. */
  private writeKey(key: string, strategy: Strategy, into: Buffer): void {
    const digests = this.digests[strategy];
    let digest = digests.get(key);
    if (digest === undefined) {
      if (digests.size >= MOST_DIGESTS) digests.clear();
      const whole = Buffer.alloc(32);
      Bun.SHA256.hash(`${strategies.indexOf(strategy)}${key}`, whole);
      digest = whole.subarray(0, KEY_BYTES);
      digests.set(key, digest);
    }
    into.set(digest);
  }

  private tend(): void {
    this.guard();
    try {
      this.sweep();
    } catch {
      // The disk is full. The next hit says so.
    }
  }

  /** Hits throw while there is little room, and count again when there is. */
  private guard(): void {
    this.written = 0;
    // One that was killed as it read would hold the pages that are freed, for ever.
    this.db.readerCheck();
    const { bavail, bsize } = statfsSync(this.path);
    const room = Math.min(bavail * bsize, this.roomInMap());
    this.noRoom = room < SPARE_BYTES ? `request windows have no room left in ${this.path}` : undefined;
  }

  /**
   * Behind the map's end lmdb 3.5.6 makes it larger, which is a bus error in other processes. Pages of the file never get
   * fewer: near the end those count that are free, for one half of what is spare.
   */
  private roomInMap(): number {
    const { end, free, pageSize, lastTxnId } = freePages(this.db);
    const atEnd = this.mapBytes - end * pageSize;
    if (atEnd >= SPARE_BYTES || atEnd < SPARE_BYTES / 2) return atEnd;
    const isHeld = oldestReader(this.db.readerList()) < lastTxnId - HELD_TRANSACTIONS;
    return isHeld ? atEnd : atEnd + free * pageSize;
  }

  /**
   * Takes away windows that ended, one bounded step, going round and round all of them. The time is that of the
   * latest hit, and what has passed since: who asks with another clock keeps his windows.
   */
  private sweep(): void {
    if (this.latest === 0) return;
    const before = this.latest + (performance.now() - this.latestAt) - KEPT_BEYOND_END_MS;
    const ended: Buffer[] = [];
    let seen = 0;
    let last: Buffer | undefined;
    const start = this.sweepFrom;
    for (const { key, value } of this.db.getRange({ ...(start && { start }), limit: SWEPT_AT_ONCE })) {
      seen += 1;
      last = key;
      if (!key.equals(STAYS) && endsOf(value) < before) ended.push(key);
    }
    this.sweepFrom = seen < SWEPT_AT_ONCE ? undefined : last;
    if (ended.length > 0) this.remove(ended, before);
  }

  private remove(keys: readonly Buffer[], before: number): void {
    this.write(keys.length, () => {
      for (const key of keys) {
        const value = this.db.getBinaryFast(key);
        // Somebody may have begun a new window meanwhile.
        if (value === undefined || endsOf(value) >= before) continue;
        if (isUnused(this.db, this.codec, key)) this.db.removeSync(key);
      }
    });
  }
}
