import { afterAll, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { ok, startUpstream } from '../support/upstream.ts';

const FORWARD = 'fk-forward-key-1';
const upstream = await startUpstream(ok);
const base = { OPENAI_BASE_URL: upstream.url, FORWARD_KEY: FORWARD };
const servers = {
  'both set': await startAifd({ ...base, OPENAI_API_KEY: 'sk-real-key-0001' }),
  'FORWARD_KEY alone': await startAifd(base),
  'both set, client keys allowed': await startAifd({
    ...base,
    OPENAI_API_KEY: 'sk-real-key-0001',
    ALLOW_CLIENT_KEYS: 'true',
  }),
};
afterAll(async () => {
  for (const one of Object.values(servers)) await one[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const sent: Record<string, [target: string, headers: string[]]> = {
  'every place at once': [
    `/x?key=${FORWARD}`,
    [
      `Authorization: Bearer ${FORWARD}`,
      `x-api-key: ${FORWARD}`,
      `api-key: ${FORWARD}`,
      `x-goog-api-key: ${FORWARD}`,
    ],
  ],
  'x-api-key beside another Authorization': [
    '/x',
    ['Authorization: Bearer sk-other', `x-api-key: ${FORWARD}`],
  ],
  'query beside another Authorization': [`/x?key=${FORWARD}`, ['Authorization: Bearer sk-other']],
  'the query twice': [`/x?key=sk-other&key=${FORWARD}`, []],
  'the query twice, the other way round': [`/x?key=${FORWARD}&key=sk-other`, []],
  'the query with an escaped name': [`/x?%6bey=${FORWARD}`, ['x-api-key: sk-other']],
  'the query with an escaped value': [`/x?key=fk%2Dforward-key-1`, ['x-api-key: sk-other']],
  'the sub-protocol on a plain request': [
    '/x',
    [
      `Authorization: Bearer ${FORWARD}`,
      `Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.${FORWARD}`,
    ],
  ],
  'the sub-protocol alone': ['/x', [`Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.${FORWARD}`]],
  'the sub-protocol twice': [
    '/x',
    [
      'Sec-WebSocket-Protocol: openai-insecure-api-key.sk-other',
      `Sec-WebSocket-Protocol: openai-insecure-api-key.${FORWARD}`,
    ],
  ],
  'Authorization twice, first': [
    '/x',
    [`Authorization: Bearer ${FORWARD}`, 'Authorization: Bearer sk-other'],
  ],
  'Authorization twice, last': ['/x', ['Authorization: Bearer sk-other', `Authorization: Bearer ${FORWARD}`]],
  'x-api-key twice': ['/x', ['x-api-key: sk-other', `x-api-key: ${FORWARD}`]],
  'x-api-key with Bearer': ['/x', [`x-api-key: Bearer ${FORWARD}`]],
  Basic: ['/x', [`Authorization: Basic ${FORWARD}`, 'x-api-key: sk-other']],
  'Authorization without a scheme': ['/x', [`Authorization: ${FORWARD}`, 'x-api-key: sk-other']],
  'Proxy-Authorization': ['/x', [`Proxy-Authorization: Bearer ${FORWARD}`, 'x-api-key: sk-other']],
};

test.each(Object.keys(servers) as (keyof typeof servers)[])('%s', async (which) => {
  const leaks: string[] = [];
  for (const [name, [target, headers]] of Object.entries(sent)) {
    upstream.received.length = 0;
    await ask(servers[which].url, target, { headers });
    if (decodeURIComponent(upstream.bytes).includes(FORWARD)) leaks.push(name);
  }
  expect(leaks).toEqual([]);
});
