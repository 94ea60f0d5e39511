import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { shakeHands } from './client.ts';
import { startRawUpstream } from './raw-upstream.ts';

const forwardKey = 'fk-0123456789abcdef';
const realKey = 'sk-real-0123456789';
const keys = { FORWARD_KEY: forwardKey, OPENAI_API_KEY: realKey };

test.each([[[]], [['Authorization: Bearer fk-wrong-0123456789']], [['Sec-WebSocket-Protocol: realtime']]])(
  'without a right key (%p) it is 401 and nothing is connected upstream',
  async (headers) => {
    using upstream = await startRawUpstream({});
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, ...keys });
    using hands = await shakeHands(aifd.url, '/v1/realtime', headers);
    const { response } = hands;
    expectRefusal(response, 401, 'invalid_api_key');
    expect(upstream.accepted).toBe(0);
  },
);

const places: [string, string, string[], RegExp][] = [
  [
    'Authorization',
    '/v1/realtime',
    [`Authorization: Bearer ${forwardKey}`],
    /^authorization: Bearer sk-real-0123456789$/im,
  ],
  ['api-key', '/v1/realtime', [`api-key: ${forwardKey}`], /^api-key: sk-real-0123456789$/im],
  [
    '?key=',
    `/v1/realtime?model=m&key=${forwardKey}`,
    [],
    /^GET \/v1\/realtime\?model=m HTTP\/1\.1\r\n(?:.*\r\n)*x-goog-api-key: sk-real-0123456789\r\n/i,
  ],
  [
    'a sub-protocol',
    '/v1/realtime',
    [`Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.${forwardKey}, openai-beta.realtime-v1`],
    /^sec-websocket-protocol: .*openai-insecure-api-key\.sk-real-0123456789/im,
  ],
];

test.each(places)('a forward key in %s is replaced by the real one', async (_place, path, headers, real) => {
  using upstream = await startRawUpstream({ choose: (offered) => offered && 'realtime' });
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, ...keys });
  using hands = await shakeHands(aifd.url, path, headers);
  const { raw, response } = hands;
  expect(response.status).toBe(101);
  const { head } = await upstream.peer();
  expect(head).toMatch(real);
  expect(head).not.toContain('fk-');
  expect(head.split(realKey)).toHaveLength(2);
  expect(raw.log).not.toContain(realKey);
});

test('FORWARD_KEY alone: the key is taken out of the sub-protocols and the others stay', async () => {
  using upstream = await startRawUpstream({ choose: () => 'realtime' });
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, FORWARD_KEY: forwardKey });
  using hands = await shakeHands(aifd.url, '/v1/realtime', [
    `Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.${forwardKey}, b`,
  ]);
  expect(hands.response.status).toBe(101);
  expect((await upstream.peer()).header('Sec-WebSocket-Protocol')).toBe('realtime, b');
});

test('a blacklisted address is refused before any connection upstream', async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, IP_BLACKLIST: '127.0.0.0/8' });
  using hands = await shakeHands(aifd.url);
  const { response } = hands;
  expectRefusal(response, 403, 'address_not_allowed');
  expect(upstream.accepted).toBe(0);
});
