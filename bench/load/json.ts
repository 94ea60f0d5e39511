/** The JSON load, its own process: `bun bench/load/json.ts ORDER` prints a report as JSON. */
import autocannon from 'autocannon';
import { percentile } from '../measure/percentile.ts';
import { clientKey, freshPrompt, requestBody } from './order.ts';
import type { LoadOrder, LoadReport } from './order.ts';

const order: LoadOrder = JSON.parse(process.argv[2] ?? '');
if (order.kind !== 'json') throw new Error('the SSE load is sse.ts');
const { expected } = order;

const times: number[] = [];
let first = 0;
let last = 0;
const run = autocannon(
  {
    url: `http://127.0.0.1:${order.target.port}${order.target.path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` },
    body: requestBody(false),
    connections: order.connections,
    amount: order.requests,
    timeout: 10,
    ...(order.distinct
      ? { requests: [{ setupRequest: withFreshPrompt, onResponse: mustBeExpected }] }
      : { expectBody: expected }),
  },
  (error, result) => {
    const bad = error ? 1 : result.errors + result.timeouts + result.mismatches + result.non2xx;
    if (bad > 0) {
      console.error('autocannon:', error ?? result);
      process.exit(1);
    }
    report();
  },
);

// autocannon's own histogram has whole milliseconds and its clock runs to the next full second.
run.on('response', (_client, _status, _bytes, ms) => {
  last = performance.now();
  if (times.length === 0) first = last - ms;
  times.push(ms);
});

function withFreshPrompt<T extends object>(request: T): T {
  return { ...request, body: requestBody(false, freshPrompt()) };
}

/** autocannon compares bodies itself only where it makes all requests alike. */
function mustBeExpected(_status: number, body: string): void {
  if (body === expected) return;
  console.error('another answer than expected:', body.slice(0, 200));
  process.exit(1);
}

function report(): void {
  const result: LoadReport = {
    requests: times.length,
    seconds: (last - first) / 1000,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  };
  console.log(JSON.stringify(result));
  process.exit(0);
}
