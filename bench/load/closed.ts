import type { Connection } from './connection.ts';
import type { Load } from './load.ts';
import type { Report } from './order.ts';

/** The part of the time that nothing is measured in: connections and code get warm. */
export const leadIn = 0.15;
/** Answers to wait for where they are slow, for at most so many times the given time. */
const leastAnswers = 200;
const longest = 4;

/** So many connections that ask again when they were answered. */
export async function runClosed(load: Load, connections: number, seconds: number): Promise<Partial<Report>> {
  const closed = new Closed(load, seconds * 1000);
  await closed.connect(connections);
  return { rate: await closed.run() };
}

class Closed {
  #begin = Infinity;
  #busy = 0;
  #measured = 0;
  /** Answers a second, once nothing more is asked. */
  #rate: number | undefined;
  readonly #over = Promise.withResolvers<void>();
  readonly #idle: Connection[] = [];

  constructor(
    private readonly load: Load,
    private readonly ms: number,
  ) {
    const { measures } = load;
    load.onStarted = ({ due }, now) => {
      if (due >= this.#begin) measures.first.record(now - due);
    };
    load.onGap = (gap, { due }) => {
      if (due >= this.#begin) measures.gap.record(gap);
    };
    load.onAnswered = (connection, now) => this.#answered(connection, now);
  }

  /** Opens all connections, before anything is asked. */
  connect(count: number): Promise<void> {
    const all = Promise.withResolvers<void>();
    for (let i = 0; i < count; i++)
      this.load.connect((connection) => {
        if (this.#idle.push(connection) === count) all.resolve();
      });
    return this.load.until(all.promise);
  }

  /** @returns answers a second */
  async run(): Promise<number> {
    this.#begin = performance.now() + this.ms * leadIn;
    for (const connection of this.#idle) this.#ask(connection);
    await this.load.until(this.#over.promise);
    return this.#rate ?? 0;
  }

  #ask(connection: Connection): void {
    this.#busy += 1;
    connection.ask(performance.now());
  }

  #answered(connection: Connection, now: number): void {
    this.#busy -= 1;
    if (connection.due >= this.#begin) this.load.measures.all.record(now - connection.due);
    if (this.#rate === undefined && now >= this.#begin) {
      this.#measured += 1;
      if (isOver(now - this.#begin, this.ms * (1 - leadIn), this.#measured))
        this.#rate = (1000 * this.#measured) / (now - this.#begin);
    }
    if (this.#rate !== undefined) {
      if (this.#busy === 0) this.#over.resolve();
    } else if (connection.isGone) {
      this.#busy += 1;
      this.load.connect((fresh) => fresh.ask(performance.now()));
    } else this.#ask(connection);
  }
}

/**
 * Whether a closed loop has measured enough: for the given time, and where answers are slow until there are some, but
 * not for ever.
 */
export function isOver(measuredMs: number, wantedMs: number, answers: number): boolean {
  return measuredMs >= wantedMs && (answers >= leastAnswers || measuredMs >= wantedMs * longest);
}
