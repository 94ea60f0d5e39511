import { parentPort, Worker, workerData } from 'node:worker_threads';

/** The times that a thread ticks at, on the clock of `timeOrigin + now()`. */
interface Times {
  name: string;
  begin: number;
  every: number;
  count: number;
}

/** What tells this thread from others that load this file. */
const name = 'aifd-bench-ticker';
const clock = (): number => performance.timeOrigin + performance.now();

/**
 * Calls back at even times, to within about 0.1 ms. The event loop's own timers have whole milliseconds and drift; a
 * thread that sleeps in `Atomics.wait` has neither fault.
 *
 * @param begin on the clock of `performance.now`; in milliseconds, as all others
 * @param tick is called once a tick, and late ones one behind the other
 */
export function startTicker(begin: number, every: number, count: number, tick: () => void): { stop(): void } {
  const times: Times = { name, begin: performance.timeOrigin + begin, every, count };
  const worker = new Worker(new URL(import.meta.url), { workerData: times });
  worker.on('message', tick);
  return { stop: () => void worker.terminate() };
}

function run({ begin, every, count }: Times): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < count; i++) {
    const due = begin + i * every;
    for (let left = due - clock(); left > 0; left = due - clock()) Atomics.wait(never, 0, 0, left);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(0);
  }
}

if (parentPort && workerData?.name === name) run(workerData);
