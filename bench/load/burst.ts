import type { Load } from './load.ts';
import type { Report } from './order.ts';

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
