import { Connection } from './connection.ts';
import type { Shared } from './connection.ts';
import { bodyCheck } from './expected.ts';
import { Measures } from './measures.ts';
import { QuestionBytes } from './question.ts';
import type { Order, Report } from './order.ts';
import { Schedule } from './schedule.ts';
import { startTicker } from './ticker.ts';

/** One order at work: its connections and what they have seen. */
export class Load {
  readonly measures = new Measures();
  onStarted: Shared['started'] = () => {};
  onGap: Shared['gap'] = () => {};
  onAnswered: Shared['answered'] = () => {};
  readonly #connections = new Set<Connection>();
  readonly #shared: Shared;
  readonly #failed = Promise.withResolvers<never>();

  constructor(order: Order) {
    const isStream = order.question.stream;
    this.#shared = {
      port: order.port,
      question: new QuestionBytes(order),
      newCheck: bodyCheck(order),
      last: {},
      started: (connection, now) => {
        if (isStream) this.onStarted(connection, now);
      },
      gap: (ms, connection) => {
        if (isStream) this.onGap(ms, connection);
      },
      answered: (connection, now) => {
        this.measures.requests += 1;
        if (connection.isGone) this.#connections.delete(connection);
        this.onAnswered(connection, now);
      },
      failed: (problem) => this.fail(problem),
    };
    this.#failed.promise.catch(() => {});
  }

  /** @param opened called when it can be asked */
  connect(opened: (connection: Connection) => void): Connection {
    const connection = new Connection(this.#shared, opened);
    this.#connections.add(connection);
    return connection;
  }

  fail(problem: string): void {
    this.#failed.reject(new Error(`after ${this.measures.requests} answers: ${problem}`));
  }

  /** What it waits for, or the first failure. */
  until(what: Promise<void>): Promise<void> {
    return Promise.race([what, this.#failed.promise]);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/**
 * Carries an order out.
 *
 * @param started told once every stream of a burst has its first event
 * @throws Error when any answer was not whole and right, or all were not there in time
 */
export async function runOrder(order: Order, started: () => void): Promise<Report> {
  const load = new Load(order);
  const timer = setTimeout(
    () => load.fail(`the others were not there in ${order.limit} s`),
    order.limit * 1000,
  );
  try {
    return load.measures.report(await runPattern(load, order, started));
  } finally {
    clearTimeout(timer);
    load.close();
  }
}

function runPattern(load: Load, { pattern }: Order, started: () => void): Promise<Partial<Report>> {
  const { kind, connections } = pattern;
  if (kind === 'burst') return runBurst(load, connections, started);
  if (kind === 'closed') return runClosed(load, connections, pattern.seconds);
  return runOpen(load, pattern.rate, pattern.seconds, connections);
}

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

/**
 * So many requests a second, whether answers come or not. Latency is counted from when a request was due: what a slow
 * answer holds up is part of what those behind it waited for.
 */
export async function runOpen(
  load: Load,
  rate: number,
  seconds: number,
  most: number,
): Promise<Partial<Report>> {
  const { measures } = load;
  const over = Promise.withResolvers<void>();
  const free: Connection[] = [];
  const waiting: number[] = [];
  const begin = performance.now() + 20;
  const schedule = new Schedule(begin, rate, Math.ceil(rate * seconds));
  const measuredFrom = begin + 1000 * seconds * leadIn;
  let [open, measured] = [0, 0];

  load.onAnswered = (connection, now) => {
    if (connection.due >= measuredFrom) {
      measured += 1;
      measures.all.record(now - connection.due);
    }
    if (connection.isGone) open -= 1;
    if (measures.requests === schedule.count) return over.resolve();
    const due = waiting.shift();
    if (connection.isGone) {
      if (due !== undefined) dispatch(due);
    } else if (due === undefined) free.push(connection);
    else connection.ask(due);
  };
  load.onStarted = (connection, now) => {
    if (connection.due >= measuredFrom) measures.first.record(now - connection.due);
  };
  function dispatch(due: number): void {
    for (let one = free.pop(); one; one = free.pop()) {
      if (!one.isGone) return one.ask(due);
      open -= 1;
    }
    if (open === most) return void waiting.push(due);
    open += 1;
    load.connect((connection) => connection.ask(due));
  }
  const ticker = startTicker(begin, 1000 / rate, schedule.count, () => {
    const now = performance.now();
    for (let due = schedule.next(now); due !== undefined; due = schedule.next(now)) {
      if (due >= measuredFrom) measures.late.record(now - due);
      dispatch(due);
    }
  });
  try {
    await load.until(over.promise);
  } finally {
    ticker.stop();
  }
  return { rate: (1000 * measured) / (performance.now() - measuredFrom) };
}

/** So many connections at once, one request each; `started` is told when every one has its first event. */
export async function runBurst(
  load: Load,
  connections: number,
  started: () => void,
): Promise<Partial<Report>> {
  const over = Promise.withResolvers<void>();
  const begin = performance.now();
  let allStarted: number | undefined;
  load.onStarted = (_connection, now) => {
    load.measures.first.record(now - begin);
    if (load.measures.first.count < connections) return;
    allStarted = now - begin;
    started();
  };
  load.onAnswered = (connection) => {
    connection.close();
    if (load.measures.requests === connections) over.resolve();
  };
  for (let i = 0; i < connections; i++) load.connect((connection) => connection.ask(begin));
  await load.until(over.promise);
  return { allStarted };
}
