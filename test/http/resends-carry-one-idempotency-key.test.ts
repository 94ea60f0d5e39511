import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const json = { method: 'POST', headers: ['Content-Type: application/json'], body: '{"a":1}' };

const busyOnce = () => startUpstream((request, index) => request.answer(index === 0 ? 503 : 200, 'x'));
const keysOf = (upstream: Upstream) => upstream.requests.map((request) => request.all('idempotency-key'));

test('a key of ours, from the first attempt on, and another for the next request', async () => {
  await using upstream = await busyOnce();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  await ask(aifd.url, '/x', json);
  await ask(aifd.url, '/x', json);
  const [first, second, third] = keysOf(upstream);
  expect(first).toHaveLength(1);
  expect(first![0]).toMatch(/^aifd-[0-9a-f-]{36}$/);
  expect(second).toEqual(first!);
  expect(third).not.toEqual(first!);
});

test('the key of the client', async () => {
  await using upstream = await busyOnce();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  await ask(aifd.url, '/x', { ...json, headers: [...json.headers, 'Idempotency-Key: mine'] });
  expect(keysOf(upstream)).toEqual([['mine'], ['mine']]);
});

test('a stale connection’s request too', async () => {
  const used = new Set<unknown>();
  await using upstream = await startUpstream((request) => {
    if (used.has(request.socket)) return request.end();
    used.add(request.socket);
    request.answer(200, 'ok');
  });
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), MAX_RETRIES: '0' });
  await ask(aifd.url, '/x', json);
  await ask(aifd.url, '/x', json);
  const [, second, third] = keysOf(upstream);
  expect(second).toHaveLength(1);
  expect(third).toEqual(second!);
});

test('none where none is needed: idempotent methods, and bodies that can go only once', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  await ask(aifd.url, '/x');
  await ask(aifd.url, '/x', { method: 'PUT', headers: json.headers, body: '{}' });
  await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(100_000) });
  expect(keysOf(upstream)).toEqual([[], [], []]);
});
