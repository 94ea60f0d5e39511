import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

test('each target gets its own keys in turn, and those of no other', async () => {
  await using openai = await startUpstream();
  await using one = await startUpstream();
  await using two = await startUpstream();
  await using three = await startUpstream();
  await using aifd = await startAifd({
    OPENAI_BASE_URL: openai.url,
    OPENAI_API_KEY: 'sk-openai-key-1',
    EXTRA_BASE_URL: `${one.url},${two.url},${three.url}`,
    EXTRA_ROUTE_PREFIX: '/one,/two,/three',
    EXTRA_API_KEY: 'sk-one-key-aaaa|sk-one-key-bbbb,,sk-three-key-aa',
    FORWARD_KEY: 'fk-forward-key-1',
  });
  const headers = ['Authorization: Bearer fk-forward-key-1'];
  for (const target of ['/x', '/one/x', '/one/x', '/one/x', '/two/x', '/three/x', '/x']) {
    expect((await ask(aifd.url, target, { headers })).status).toBe(200);
  }
  const keys = (upstream: typeof one) => upstream.requests.map((request) => request.header('authorization'));
  expect(keys(openai)).toEqual(['Bearer sk-openai-key-1', 'Bearer sk-openai-key-1']);
  expect(keys(one)).toEqual(['Bearer sk-one-key-aaaa', 'Bearer sk-one-key-bbbb', 'Bearer sk-one-key-aaaa']);
  expect(keys(two)).toEqual([undefined]);
  expect(keys(three)).toEqual(['Bearer sk-three-key-aa']);
  expectRefusal(await ask(aifd.url, '/two/x'), 401, 'invalid_api_key');
});

test('TRACE, which would echo a real key, is refused', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: 'sk-openai-key-1' });
  expectRefusal(await ask(aifd.url, '/x', { method: 'TRACE' }), 405, 'method_not_allowed');
  expect(upstream.requests).toHaveLength(0);
});
