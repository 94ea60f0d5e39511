import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { emptyFolder, forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { parseMetrics, sum } from './parse.ts';

const docs = await Bun.file(join(import.meta.dir, '../../docs/observability.md')).text();
const table = docs.slice(
  docs.indexOf('| metric | labels |'),
  docs.indexOf('`aifd_upstream_errors_total` counts'),
);
const documented = [...table.matchAll(/`((?:aifd|gen_ai|process)_[a-z_]+)`/g)].map(([, name]) => name!);

const json = ['Content-Type: application/json'];
const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const plain = JSON.stringify({ choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }], usage });
const streamHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunked = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const event = (data: object): string => chunked(`data: ${JSON.stringify(data)}\n\n`);
const begun = streamHead + event({ choices: [{ index: 0, delta: { content: 'hi' } }] });
const rest = `${event({ choices: [], usage })}${chunked('data: [DONE]\n\n')}0\r\n\r\n`;

async function start() {
  let busy = 0;
  const held: UpstreamRequest[] = [];
  const upstream = await startUpstream(async (request) => {
    await request.whole();
    const model = (JSON.parse(request.text) as { model: string }).model;
    if (model === 'busy' && ++busy === 1) request.answer(503, 'busy', ['Retry-After: 0']);
    else if (model === 'failing') request.answer(500, '{"error":{"message":"no"}}', json);
    else if (model === 'held') held.push(request.send(begun));
    else if (model === 'stream') request.send(begun + rest);
    else request.answer(200, plain, json);
  });
  const aifd = await startAifd({
    ...forwardingTo(upstream.url),
    DATA_DIR: emptyFolder(),
    METRICS: 'public',
    CONCURRENCY_LIMIT: '1',
    CACHE_CHAT_COMPLETION: 'true',
    REQ_RATE_LIMIT: '{"/v1/limited": "1/hour"}',
  });
  const send = (model: string, more: object = {}, path = '/v1/chat/completions'): Promise<Response> =>
    fetch(`${aifd.url}${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer fk-1' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more }),
    });
  const samples = async () => parseMetrics(await (await fetch(`${aifd.url}/metrics`)).text());
  return {
    send,
    held,
    samples,
    async [Symbol.asyncDispose](): Promise<void> {
      await aifd[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

test('open streams and queued requests are counted apart, while they last', async () => {
  await using run = await start();
  const gauges = async () => {
    const samples = await run.samples();
    return [sum(samples, 'aifd_open_streams'), sum(samples, 'aifd_queued_requests')].join();
  };
  expect(await gauges()).toBe('0,0');
  const open = await run.send('held', { stream: true });
  expect(await gauges()).toBe('1,0');
  const waiting = [run.send('a'), run.send('b')];
  await until(async () => (await gauges()) === '1,2', 'one stream is open, two requests wait');
  run.held[0]!.send(rest);
  await open.text();
  for (const response of waiting) expect((await response).status).toBe(200);
  await until(async () => (await gauges()) === '0,0', 'nothing is open');
});

test('every documented metric moves', async () => {
  await using run = await start();
  expect(documented.length).toBeGreaterThan(15);
  const before = await run.samples();
  await (await run.send('plain')).text();
  await (await run.send('plain')).text();
  await (await run.send('busy')).text();
  await (await run.send('failing')).text();
  await (await run.send('stream', { stream: true })).text();
  // One request an hour passes there: the second one is refused.
  for (const _ of 'ab') await (await run.send('plain', {}, '/v1/limited')).text();
  const open = await run.send('held', { stream: true });
  const waiting = run.send('queued');
  const during = await until(async () => {
    const samples = await run.samples();
    return sum(samples, 'aifd_queued_requests') > 0 ? samples : undefined;
  }, 'a request waits');
  run.held[0]!.send(rest);
  await open.text();
  await (await waiting).text();
  const value = (samples: typeof before, name: string): number =>
    sum(samples, name) + sum(samples, `${name}_count`);
  const still = async (): Promise<string[]> => {
    const after = await run.samples();
    const moved = (name: string): boolean =>
      value(after, name) > value(before, name) || value(during, name) > value(before, name);
    // These have their value from the start.
    const constant = new Set(['process_start_time_seconds', 'process_resident_memory_bytes']);
    return documented.filter((name) => (constant.has(name) ? value(after, name) <= 0 : !moved(name)));
  };
  await until(async () => (await still()).length === 0, 'all have moved').catch(() => undefined);
  expect(await still()).toEqual([]);
});
