import { statfsSync } from 'node:fs';

/** A write, or with no value a deletion. */
export interface Operation {
  readonly key: Buffer;
  readonly value?: Buffer;
}

/** What LevelDB and RocksDB both do: bytes by key in one folder, sorted. One process has it. */
export interface LevelEngine {
  /** @returns memory of its own */
  get(key: Buffer): Buffer | undefined;
  /** All or none of it. Outlives the process when it resolves. */
  write(operations: readonly Operation[]): Promise<void>;
  /** In steps. @param to not in it */
  scan(from: Buffer, to: Buffer): AsyncIterable<readonly [key: Buffer, value: Buffer]>;
  /** Clears away what was deleted there; none where the engine does it by itself alone. */
  compact?(from: Buffer, to: Buffer): Promise<void>;
  isCompacting(): boolean;
  /** A write now would have to wait in the engine. */
  isBehind(): boolean;
  close(): Promise<void>;
}

const RESTART_EVERY_MS = 1000;
/** Opening writes too: what was in the log, and new files. */
const LEAST_ROOM_BYTES = 2 ** 21;
const ROOM_SHARE = 1 / 64;

/**
 * An engine that is opened anew after a write of its failed. Both refuse every write from then on, and LevelDB may lose
 * what it takes on top of a half-written log. Until that succeeds writes reject with what happened; reading goes on as
 * long as the old one is open, which is until the disk has room again.
 */
export class RestartingEngine implements LevelEngine {
  readonly compact: LevelEngine['compact'];
  private failure: Error | undefined;
  private restartedAt = -Infinity;

  /**
   * @param engine undefined when it could not be opened again
   * @param path its folder
   */
  private constructor(
    private readonly open: () => Promise<LevelEngine>,
    private engine: LevelEngine | undefined,
    private readonly path: string,
    private readonly maxSize: number,
  ) {
    if (engine?.compact) this.compact = async (from, to) => this.working().compact!(from, to);
  }

  static async start(
    open: () => Promise<LevelEngine>,
    path: string,
    maxSize: number,
  ): Promise<RestartingEngine> {
    return new RestartingEngine(open, await open(), path, maxSize);
  }

  /** Whether a write failed and it was not opened anew since. */
  get isBroken(): boolean {
    return this.failure !== undefined;
  }

  get(key: Buffer): Buffer | undefined {
    return this.working().get(key);
  }

  async write(operations: readonly Operation[]): Promise<void> {
    if (this.failure) throw this.failure;
    try {
      await this.working().write(operations);
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  /**
   * @param read reads again what is there: whether the failed write is among it nobody knows
   * @throws what happened, while it is too early for another attempt or the disk is full, or that it can't be opened
   */
  async restart(read: () => Promise<void>): Promise<void> {
    if (performance.now() - this.restartedAt < RESTART_EVERY_MS || !this.hasRoom()) throw this.failure!;
    this.restartedAt = performance.now();
    try {
      await this.close();
      this.engine = await this.open();
      await read();
      this.failure = undefined;
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  scan(from: Buffer, to: Buffer): AsyncIterable<readonly [Buffer, Buffer]> {
    return this.working().scan(from, to);
  }

  isCompacting(): boolean {
    return this.working().isCompacting();
  }

  isBehind(): boolean {
    return this.working().isBehind();
  }

  async close(): Promise<void> {
    const { engine } = this;
    this.engine = undefined;
    // A RocksDB that is closed must not be asked: it would end the process.
    await engine?.close();
  }

  private working(): LevelEngine {
    if (this.engine) return this.engine;
    throw this.failure ?? new Error('the store is closed');
  }

  private hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize >= Math.max(LEAST_ROOM_BYTES, this.maxSize * ROOM_SHARE);
  }
}
