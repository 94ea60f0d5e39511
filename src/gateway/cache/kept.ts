import { BrokenEntry, type Entry, type EntryStore } from '../../store/entries/store.ts';

/** The store as requests see it: whatever becomes of it, they go on, and the operator is told once. */
export class KeptAnswers {
  private readonly troubles = new Set<'read' | 'written'>();

  /** @param say - told what the operator should know */
  constructor(
    private readonly store: EntryStore,
    private readonly say: (message: string) => void,
  ) {}

  /** The entry; undefined when there is none, or it can't be read. */
  get(key: string): Entry | undefined | Promise<Entry | undefined> {
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

  /** Keeps an entry, some time after this. */
  put(key: string, entry: Entry): void {
    this.store.put(key, entry).then(
      () => this.worked('written', undefined),
      (error: unknown) => this.failed('written', error),
    );
  }

  close(): Promise<void> {
    return this.store.close();
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
