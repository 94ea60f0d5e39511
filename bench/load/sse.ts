/** The SSE load, its own process: `bun bench/load/sse.ts ORDER` prints a report as JSON. */
import { percentile } from '../measure/percentile.ts';
import type { LoadOrder, LoadReport } from './order.ts';
import { openStream } from './sse-client.ts';
import type { Answer } from './sse-client.ts';

const order: LoadOrder = JSON.parse(process.argv[2] ?? '');
if (order.kind === 'json') throw new Error('the JSON load is json.ts');

const answers: Answer[] = [];
const wanted = order.kind === 'sse' ? order.requests : order.connections;
const begin = performance.now();
let unsent = wanted - order.connections;
let open = 0;
let allStarted: number | undefined;

const { promise, resolve } = Promise.withResolvers<void>();
const distinct = order.kind === 'sse' && order.distinct === true;
for (let i = 0; i < order.connections; i++) openStream(order.target, { started, answered }, distinct);
await promise;
report();

function started(): void {
  if (order.kind !== 'starts' || ++open < wanted) return;
  allStarted = performance.now() - begin;
  process.stdout.write('started\n');
}

function answered(answer: Answer): boolean {
  answers.push(answer);
  if (answer.problem || answers.length === wanted) resolve();
  return unsent-- > 0;
}

function report(): void {
  const problem = answers.find((answer) => answer.problem)?.problem;
  if (problem) {
    console.error(`after ${answers.length} of ${wanted} answers: ${problem}`);
    process.exit(1);
  }
  const ends = answers.map((answer) => answer.end);
  const firsts = answers.map((answer) => answer.firstByte);
  const result: LoadReport = {
    requests: answers.length,
    seconds: (performance.now() - begin) / 1000,
    p50: percentile(ends, 0.5),
    p99: percentile(ends, 0.99),
    first50: percentile(firsts, 0.5),
    first99: percentile(firsts, 0.99),
    allStarted,
  };
  console.log(JSON.stringify(result));
  process.exit(0);
}
