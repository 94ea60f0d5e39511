import { runBurst } from './burst.ts';
import { runClosed } from './closed.ts';
import { Connection } from './connection.ts';
import type { Shared } from './connection.ts';
import { bodyCheck } from './expected.ts';
import { Measures } from './measures.ts';
import { runOpen } from './open.ts';
import type { Order, Report } from './order.ts';
import { QuestionBytes } from './question.ts';

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
