import { expect } from 'bun:test';
import type { Entry, PlaceEntry, QueueClock } from '../../src/gateway/limits/queue.ts';

/** Time that passes only when told to. */
export class QueueTime implements QueueClock {
  private ms = 0;
  private timers: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.ms;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.ms + ms, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Timers that have not fired and were not called off. */
  get pending(): number {
    return this.timers.length;
  }

  /** Lets time pass, and fires what is due by then in its order. */
  pass(ms: number): void {
    const end = this.ms + ms;
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.ms = due.at;
      this.timers = this.timers.filter((other) => other !== due);
      due.call();
    }
    this.ms = end;
  }
}

/** A client that stays. */
export const stays = (): AbortSignal => new AbortController().signal;

/** The place that was given at once. */
export function placeNow(entry: Entry | Promise<Entry>): PlaceEntry {
  if (entry instanceof Promise || entry.kind !== 'place') throw new Error('no place was given at once');
  return entry;
}

/** The place that was waited for; fails where the wait ended otherwise or has not ended. */
export async function placeLater(entry: Entry | Promise<Entry>): Promise<PlaceEntry> {
  const settled = await settledOf(entry);
  if (settled?.kind !== 'place') throw new Error(`no place was given but ${settled?.kind ?? 'nothing yet'}`);
  return settled;
}

/** What a wait came to, undefined while it goes on. */
export async function settledOf(entry: Entry | Promise<Entry>): Promise<Entry | undefined> {
  expect(entry).toBeInstanceOf(Promise);
  return Promise.race([entry, Promise.resolve().then(() => undefined)]);
}
