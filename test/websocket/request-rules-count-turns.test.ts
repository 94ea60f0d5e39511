import { expect, test } from 'bun:test';
import { shakeHands } from './client.ts';
import { create, eventOf, response, startTurns } from './turns.ts';

test('each turn is a request for REQ_RATE_LIMIT; the handshake is counted for the first', async () => {
  const limits = { REQ_RATE_LIMIT: '{"/v1/responses":"3/hour"}' };
  await using turns = await startTurns(limits, (_event, send) => response('r', 1, 1).forEach(send));
  using first = await turns.open();
  using second = await turns.open();
  // Two are counted: both connections have a turn for nothing, and one request is left.
  first.socket.send(create());
  await first.received(3);
  second.socket.send(create());
  await second.received(3);
  second.socket.send(create());
  await second.received(6);
  for (const client of [first, second]) {
    const seen = client.messages.length;
    client.socket.send(create());
    await client.received(seen + 1);
    expect(eventOf(client.messages[seen]!)).toMatchObject({
      type: 'error',
      status: 429,
      error: { code: 'rate_limit_exceeded', type: 'requests' },
    });
  }
  expect(turns.upstream.messages).toHaveLength(3);
  using third = await shakeHands(turns.url, '/v1/responses');
  expect(third.response.status).toBe(429);
});

test('messages that are no turns are not counted', async () => {
  const limits = {
    REQ_RATE_LIMIT: '{"/v1/responses":"1/hour"}',
    TOKENS_LIMIT: '{"/v1/responses":"10/hour"}',
  };
  await using turns = await startTurns(limits, (_event, send) => send({ type: 'pong' }));
  using client = await turns.open();
  for (let i = 0; i < 20; i++)
    client.socket.send(JSON.stringify({ type: 'session.update', i, text: 'x'.repeat(100) }));
  await client.received(20);
  expect(client.messages.map((message) => eventOf(message).type)).toEqual(Array(20).fill('pong'));
});
