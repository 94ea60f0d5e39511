import { BrokenEntry, type Entry, type EntryStore } from '../../store/entries/store.ts';

/** The store as requests see it: whatever becomes of it, they go on, and the operator is told once. */
export class KeptAnswers {
  private readonly troubles = new Set<'read' | 'written'>();
  /** On their way to the store: who asks meanwhile finds them here. */
  private readonly coming = new Map<string, () => Entry | undefined>();

  /** @param say - told what the operator should know */
  constructor(
    private readonly store: EntryStore,
    private readonly say: (message: string) => void,
  ) {}

  /** The entry; undefined when there is none, or it can't be read. */
  get(key: string): Entry | undefined | Promise<Entry | undefined> {
    const coming = this.coming.get(key)?.();
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

  /**
   * Keeps an entry, after the answer that it is made of has gone out.
   * @param make - undefined when it is not to be kept; called at most once
   */
  put(key: string, make: () => Entry | undefined): void {
    let made: { entry: Entry | undefined } | undefined;
    const once = (): Entry | undefined => (made ??= { entry: make() }).entry;
    this.coming.set(key, once);
    setImmediate(() => this.write(key, once));
  }

  private async write(key: string, once: () => Entry | undefined): Promise<void> {
    try {
      const entry = once();
      if (entry) {
        await this.store.put(key, entry);
        this.worked('written', undefined);
      }
    } catch (error) {
      this.failed('written', error);
    }
    // A later one may be on its way.
    if (this.coming.get(key) === once) this.coming.delete(key);
  }

  /** Writes what is on its way. */
  async close(): Promise<void> {
    // Behind the writes that are to begin in this turn.
    if (this.coming.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await this.store.close();
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
