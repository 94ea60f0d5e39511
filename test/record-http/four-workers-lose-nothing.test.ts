import { expect, test } from 'bun:test';
import { parseMetrics, sum } from '../metrics/parse.ts';
import { spawnWorkers } from '../cache-http/support.ts';
import { until } from '../support/until.ts';
import { chatLines, endInOrder, everythingOn, filesIn, stats } from './support.ts';

/** By hand: EXCHANGES=50000. */
const exchanges = Number(process.env['EXCHANGES'] ?? 4000);
const atOnce = 64;

const answerTo = (number: number): string => `answer ${number} é ${'=-'.repeat(number % 50)} ${number * 7}`;

/** An upstream that streams to each number the answer that belongs to it, and adds up what it says it sent. */
function startCounting() {
  const sent = { input: 0, output: 0, requests: 0 };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { messages } = (await request.json()) as { messages: { content: string }[] };
      const number = Number(messages[0]!.content.split(' ')[1]);
      const usage = { prompt_tokens: 1 + (number % 97), completion_tokens: 1 + (number % 89) };
      sent.input += usage.prompt_tokens;
      sent.output += usage.completion_tokens;
      sent.requests++;
      return new Response(streamOf(number, usage), { headers: { 'content-type': 'text/event-stream' } });
    },
  });
  return { sent, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

function streamOf(number: number, usage: { prompt_tokens: number; completion_tokens: number }) {
  const chunk = (more: object): string =>
    `data: ${JSON.stringify({ id: `c-${number}`, object: 'chat.completion.chunk', created: 1, model: 'm', ...more })}\n\n`;
  const text = answerTo(number);
  const delta = (content: string): string =>
    chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  const size = 1 + (number % 7);
  let all = '';
  for (let at = 0; at < text.length; at += 10 * size) all += delta(text.slice(at, at + 10 * size));
  all += chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  all += chunk({
    choices: [],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  });
  const bytes = new TextEncoder().encode(`${all}data: [DONE]\n\n`);
  const cut = (number * 31) % bytes.length;
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, cut));
      if (number % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.enqueue(bytes.subarray(cut));
      controller.close();
    },
  });
}

test(`four workers and ${exchanges} streams: twice as many whole lines, each pair right, sums as the upstream's`, async () => {
  const upstream = startCounting();
  const { env, logDir, dataDir } = everythingOn();
  const settings = { LOG_FORMAT: 'python', LOG_LEVEL: 'warn', LOG_MAX_SIZE: '512kb', LOG_KEEP: '0' };
  await using aifd = await spawnWorkers({ ...env, ...settings, OPENAI_BASE_URL: upstream.url });
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < exchanges; number = next++) await askFor(aifd.url, number);
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  const counted = await until(async () => {
    const samples = parseMetrics(await (await fetch(`${aifd.url}/metrics`)).text());
    return sum(samples, 'aifd_requests_total') >= exchanges ? samples : undefined;
  }, 'metrics have them all');
  expect(sum(counted, 'aifd_requests_total')).toBe(exchanges);
  expect(sum(counted, 'aifd_tokens_total', { type: 'input' })).toBe(upstream.sent.input);
  expect(sum(counted, 'aifd_tokens_total', { type: 'output' })).toBe(upstream.sent.output);
  await endInOrder(aifd.pid);
  upstream.stop();
  const [usage, ...more] = await stats(dataDir, '--by', 'model');
  expect(more).toEqual([]);
  expect(usage).toMatchObject({
    requests: exchanges,
    input: upstream.sent.input,
    output: upstream.sent.output,
  });
  expect(filesIn(logDir).length).toBeGreaterThan(1);
  const lines = await chatLines(logDir);
  expect(lines.length).toBe(2 * exchanges);
  expectPairs(lines);
}, 600_000);

async function askFor(url: string, number: number): Promise<void> {
  const body = JSON.stringify({
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: `question ${number}` }],
  });
  const headers = {
    'content-type': 'application/json',
    connection: number % 5 === 0 ? 'close' : 'keep-alive',
  };
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  const text = await response.text();
  if (response.status !== 200 || !text.endsWith('data: [DONE]\n\n'))
    throw new Error(`${response.status}: ${text}`);
}

function expectPairs(lines: readonly Record<string, unknown>[]): void {
  const asked = new Map<unknown, number>();
  const wrong: unknown[] = [];
  for (const { uid, messages } of lines)
    if (messages !== undefined)
      asked.set(uid, Number((messages as { content: string }[])[0]!.content.split(' ')[1]));
  const answered = new Set<number>();
  for (const { uid, assistant, end } of lines) {
    if (assistant === undefined) continue;
    const number = asked.get(uid);
    if (number === undefined || assistant !== answerTo(number) || end !== 'whole')
      wrong.push({ number, assistant });
    else answered.add(number);
  }
  expect(wrong).toEqual([]);
  expect(answered.size).toBe(exchanges);
}
