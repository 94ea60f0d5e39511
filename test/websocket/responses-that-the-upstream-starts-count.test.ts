import { expect, test } from 'bun:test';
import { shakeHands } from './client.ts';
import { eventOf, realtimeCreate, startTurns, typesOf, usageOf } from './turns.ts';

const path = '/v1/realtime';
const done = (id: string, tokens: number) => ({
  type: 'response.done',
  response: { id, status: 'completed', output: [], usage: usageOf(tokens, 0) },
});

for (const backend of ['memory', 'lmdb']) {
  test(`a response that voice detection starts is counted, the one over the limit is cancelled at once (${backend})`, async () => {
    const limits = { TOKENS_LIMIT: `{"${path}":"100/hour"}`, RATE_LIMIT_BACKEND: backend };
    await using turns = await startTurns(limits, (event, send) => {
      const id = `resp_${String(event.speech)}`;
      if (event.speech) send({ type: 'response.created', response: { id } });
      if (event.speech === 1) send(done(id, 500));
      if (event.type === 'response.cancel') {
        expect(event.response_id).toBe('resp_2');
        send({ type: 'response.done', response: { id: 'resp_2', status: 'cancelled', output: [] } });
      }
    });
    using client = await turns.open(path);
    client.socket.send('{"speech":1}');
    await client.received(2);
    client.socket.send('{"speech":2}');
    await client.received(5);
    expect(typesOf(client).toSorted()).toEqual([
      'error',
      'response.created',
      'response.created',
      'response.done',
      'response.done',
    ]);
    const error = client.messages.map(eventOf).find(({ type }) => type === 'error');
    expect(error).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded', type: 'tokens' } });
    client.socket.send(realtimeCreate());
    await client.received(6);
    expect(eventOf(client.messages[5]!)).toMatchObject({ type: 'error', status: 429 });
    expect(turns.upstream.messages.map((message) => eventOf(message).type ?? 'speech')).toEqual([
      'speech',
      'speech',
      'response.cancel',
    ]);
    using next = await shakeHands(turns.url, path);
    expect(next.response.status).toBe(429);
  });
}

test('it takes a place where one is free, and goes on without one', async () => {
  const onePlace = { CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' };
  await using turns = await startTurns(onePlace, (event, send) => {
    if (event.type === 'response.create' || event.speech === 'starts')
      send({ type: 'response.created', response: { id: 'r' } });
    if (event.speech === 'ends') send(done('r', 1));
  });
  using speaking = await turns.open(path);
  using second = await turns.open(path);
  using asking = await turns.open(path);
  for (const client of [speaking, second]) {
    client.socket.send('{"speech":"starts"}');
    await client.received(1);
  }
  asking.socket.send(realtimeCreate());
  await asking.received(1);
  expect(eventOf(asking.messages[0]!)).toMatchObject({ type: 'error', error: { code: 'overloaded' } });
  // Only the first has the place.
  for (const [client, code] of [
    [second, 'overloaded'],
    [speaking, undefined],
  ] as const) {
    client.socket.send('{"speech":"ends"}');
    await client.received(2);
    const seen = asking.messages.length;
    asking.socket.send(realtimeCreate());
    await asking.received(seen + 1);
    expect((eventOf(asking.messages[seen]!).error as { code?: string } | undefined)?.code).toBe(code);
  }
});
