import { BrokenEntry, type Entry, type EntryStore } from '../../store/entries/store.ts';

/** Answers are written together, so long after the first of them, ms: much less than the second that a kill may cost. */
const GATHER_MS = 20;
const WRITTEN_AT_ONCE = 64;
const BETWEEN_MS = 2;
/** What may wait for a slow store: what comes beyond it is not kept. Bytes. */
const MOST_WAITING = 64 * 2 ** 20;

/** An answer on its way to the store. */
export interface Coming {
  readonly key: string;
  /** Bytes that it holds until it is written, about. */
  readonly size: number;
  /** Made when it is first asked for; undefined when the answer is not to be kept. */
  readonly entry: Entry | undefined;
}

/** The store as requests see it: whatever becomes of it, they go on, and the operator is told once. */
export class KeptAnswers {
  private readonly troubles = new Set<'read' | 'written'>();
  /** On their way to the store: who asks meanwhile finds them here. */
  private readonly coming = new Map<string, Coming>();
  private readonly waiting: Coming[] = [];
  /** Bytes on their way. */
  private held = 0;
  private isBehind = false;
  private timer: Timer | undefined;

  /** @param say - told what the operator should know */
  constructor(
    private readonly store: EntryStore,
    private readonly say: (message: string) => void,
  ) {}

  /** The entry; undefined when there is none, or it can't be read. */
  get(key: string): Entry | undefined | Promise<Entry | undefined> {
    const coming = this.coming.get(key)?.entry;
    if (coming) return coming;
    try {
      const found = this.store.get(key);
      if (!(found instanceof Promise)) return this.worked('read', found);
      return found.then(
        (entry) => this.worked('read', entry),
        (error: unknown) => this.unreadable(key, error),
      );
    } catch (error) {
      return this.unreadable(key, error);
    }
  }

  /** Keeps an answer, after it has gone out. */
  put(coming: Coming): void {
    if (this.held + coming.size > MOST_WAITING) return this.fallBehind();
    this.held += coming.size;
    this.coming.set(coming.key, coming);
    this.waiting.push(coming);
    this.timer ??= setTimeout(() => this.writeSome(), GATHER_MS);
  }

  /** Writes what is on its way. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all(this.waiting.splice(0).map((coming) => this.write(coming)));
    await this.store.close();
  }

  private fallBehind(): void {
    if (!this.isBehind) this.say('cache: is not written as fast as answers come; some are not kept');
    this.isBehind = true;
  }

  /** A few at a time: each takes time that requests wait for. */
  private writeSome(): void {
    for (const coming of this.waiting.splice(0, WRITTEN_AT_ONCE)) void this.write(coming);
    const more = this.waiting.length > 0;
    this.timer = more ? setTimeout(() => this.writeSome(), BETWEEN_MS) : undefined;
  }

  private async write(coming: Coming): Promise<void> {
    const { key } = coming;
    try {
      const { entry } = coming;
      if (entry) {
        await this.store.put(key, entry);
        this.worked('written', undefined);
      }
    } catch (error) {
      this.failed('written', error);
    }
    this.held -= coming.size;
    if (this.held < MOST_WAITING / 2) this.isBehind = false;
    // A later one may be on its way.
    if (this.coming.get(key) === coming) this.coming.delete(key);
  }

  private unreadable(key: string, error: unknown): undefined {
    this.failed('read', error);
    // It would be in the way each time; the next answer takes its place.
    if (error instanceof BrokenEntry) this.store.remove([key]).catch(() => {});
    return undefined;
  }

  private failed(how: 'read' | 'written', error: unknown): void {
    if (this.troubles.has(how)) return;
    this.troubles.add(how);
    this.say(`cache: cannot be ${how} (${(error as Error).message}); requests go upstream`);
  }

  private worked<T>(how: 'read' | 'written', result: T): T {
    if (this.troubles.size > 0 && this.troubles.delete(how)) this.say(`cache: is ${how} again`);
    return result;
  }
}
