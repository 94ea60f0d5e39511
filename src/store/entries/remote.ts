import { decodeEntry, encodeEntry } from './codec.ts';
import { BrokenEntry, type Entry, type EntryStore, type Listed, type Stats } from './store.ts';

/** How long another process may take for one answer, or for the next piece of a list. */
const PATIENCE_MS = 10_000;

/** What a process tells of itself and its cache. */
export interface RemoteAbout {
  readonly pid: number;
  readonly backend?: string;
  readonly path?: string;
  readonly maxSize?: number;
}

/** The other process is gone, hangs, or is no aifd. */
export class RemoteProblem extends Error {
  override readonly name = 'RemoteProblem';

  /** @param isGone nobody listens there any more */
  constructor(
    message: string,
    readonly isGone = false,
  ) {
    super(message);
  }
}

/**
 * The entries of another process of this machine, through its control socket (`server/control.ts`).
 *
 * @throws from every call: {@link RemoteProblem}, or an Error with what the store over there says
 */
export class RemoteEntries implements EntryStore {
  constructor(
    readonly socket: string,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  async about(): Promise<RemoteAbout> {
    return (await this.json('/about')) as RemoteAbout;
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.ask(`/entries/${key}`, {}, async (response) => {
      if (response.status === 404) return undefined;
      await refuse(response);
      return decodeEntry(await response.bytes());
    });
  }

  async put(key: string, entry: Entry): Promise<void> {
    await this.json(`/entries/${key}`, { method: 'PUT', body: encodeEntry(entry) });
  }

  async remove(keys: readonly string[]): Promise<number> {
    const answer = await this.json('/entries/remove', { method: 'POST', body: JSON.stringify(keys) });
    return (answer as { removed: number }).removed;
  }

  /** @returns those of the keys that were there */
  async removeEach(keys: readonly string[]): Promise<readonly string[]> {
    const answer = await this.json('/entries/remove?each', { method: 'POST', body: JSON.stringify(keys) });
    return (answer as { removed: string[] }).removed;
  }

  async stats(): Promise<Stats> {
    return (await this.json('/entries/stats')) as Stats;
  }

  async *list(): AsyncGenerator<Listed, void> {
    const over = new AbortController();
    try {
      const response = await this.inTime(this.fetch('/entries', { signal: over.signal }));
      await refuse(response);
      const reader = response.body!.getReader();
      const decoder = new TextDecoder();
      let rest = '';
      for (;;) {
        // Timed a piece at a time: whoever reads us may be a person with a pager.
        const { done, value } = await this.inTime(reader.read());
        if (done) throw new RemoteProblem(`the list from ${this.socket} was cut short`);
        const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          const row = JSON.parse(line) as Listed & { end?: true; error?: string };
          if (row.end) return;
          if (row.error !== undefined) throw new Error(row.error);
          yield row;
        }
      }
    } finally {
      over.abort();
    }
  }

  /** Nothing is held: the other process goes on. */
  async close(): Promise<void> {}

  private json(path: string, init: RequestInit = {}): Promise<unknown> {
    return this.ask(path, init, async (response) => {
      await refuse(response);
      return response.json();
    });
  }

  private async ask<T>(
    path: string,
    init: RequestInit,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const answer = this.fetch(path, { ...init, signal: over.signal }).then(read);
    try {
      return await this.inTime(answer);
    } finally {
      over.abort();
    }
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(`http://aifd${path}`, { ...init, unix: this.socket });
    if (response.headers.get('x-aifd-control') === '1') return response;
    throw new RemoteProblem(`what listens on ${this.socket} is no aifd`);
  }

  private async inTime<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(
        new RemoteProblem(`the aifd at ${this.socket} did not answer in ${this.patienceMs / 1000} s`),
      );
    }, this.patienceMs);
    try {
      return await Promise.race([answer, late.promise]);
    } catch (error) {
      throw this.explained(error as NodeJS.ErrnoException);
    } finally {
      clearTimeout(timer);
      answer.catch(() => {});
    }
  }

  private explained(error: NodeJS.ErrnoException): Error {
    const { code = '' } = error;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') {
      return new RemoteProblem(`nobody listens on ${this.socket}`, true);
    }
    if (code === 'EACCES' || code === 'EPERM') {
      return new RemoteProblem(`${this.socket} belongs to another user: run this as that user`);
    }
    if (!/^E[A-Z]+$/.test(code) && !/HTTP|Response|Socket/i.test(code)) return error;
    return new RemoteProblem(`the aifd at ${this.socket} broke off: ${error.message}`);
  }
}

/** @throws Error with what the other side says; {@link BrokenEntry} when it is that */
async function refuse(response: Response): Promise<void> {
  if (response.ok) return;
  const { kind, message } = (await response.json()) as { kind: string; message: string };
  throw kind === 'BrokenEntry' ? new BrokenEntry(message) : new Error(message);
}
