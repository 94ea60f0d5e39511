import { expect, test } from 'bun:test';
import { type Client, shakeHands } from './client.ts';
import {
  create,
  type Event,
  eventOf,
  realtimeCreate,
  response,
  startTurns,
  typesOf,
  usageOf,
} from './turns.ts';

const done = (id: string, input: number, output: number): Event[] => [
  { type: 'response.created', event_id: 'e1', response: { id, object: 'realtime.response' } },
  {
    event_id: 'e2',
    type: 'response.done',
    response: {
      id,
      object: 'realtime.response',
      status: 'completed',
      output: [],
      usage: usageOf(input, output),
    },
  },
];

const protocols = {
  'Realtime API': { path: '/v1/realtime?model=gpt-realtime', ask: realtimeCreate, answer: done },
  'Responses API': { path: '/v1/responses', ask: create, answer: response },
};

async function lastEvent(client: Client, count: number): Promise<Event> {
  return eventOf((await client.received(count)).at(-1)!);
}

for (const [name, { path, ask, answer }] of Object.entries(protocols)) {
  test(`turns of the ${name} settle at their usage; the one over the limit is refused and not forwarded`, async () => {
    const limit = JSON.stringify({ [path.split('?')[0]!]: '100/hour' });
    const used = [30, 90];
    await using turns = await startTurns({ TOKENS_LIMIT: limit }, (event, send) => {
      if (event.type === 'response.create') answer('resp_1', used.shift()!, 10).forEach(send);
      else send({ type: 'pong' });
    });
    using client = await turns.open(path);
    const perTurn = answer('', 0, 0).length;
    client.socket.send(ask());
    await client.received(perTurn);
    client.socket.send(ask());
    // 40 were used: the turn still fits, and uses more than there is.
    await client.received(2 * perTurn);
    client.socket.send(ask({ event_id: 'mine' }));
    const refused = await lastEvent(client, 2 * perTurn + 1);
    expect(refused).toEqual({
      type: 'error',
      event_id: expect.stringMatching(/^event_\w+$/),
      status: 429,
      error: {
        message: expect.stringMatching(
          /^Rate limit reached for tokens: 100\/hour\. Please try again in .*\.$/,
        ),
        type: 'tokens',
        param: null,
        code: 'rate_limit_exceeded',
        event_id: 'mine',
      },
      headers: { 'retry-after': expect.any(String), 'retry-after-ms': expect.any(String) },
    });
    expect(turns.upstream.messages).toHaveLength(2);
    // The connection stays open for all else.
    client.socket.send('{"type":"ping"}');
    await client.received(2 * perTurn + 2);
    expect(typesOf(client).at(-1)).toBe('pong');
    using next = await shakeHands(turns.url, path);
    expect(next.response.status).toBe(429);
  });
}
