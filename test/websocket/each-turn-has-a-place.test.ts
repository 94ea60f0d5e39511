import { expect, test } from 'bun:test';
import { Dice } from '../support/random.ts';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';
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

const onePlace = { CONCURRENCY_LIMIT: '1', QUEUE_TIMEOUT: '0', QUEUE_SIZE: '10' };
const isTurn = (event: Event): boolean => event.type === 'response.create';
const created = { type: 'response.created', response: { id: 'r' } };

test('an idle WebSocket holds no place, before a turn and after it', async () => {
  await using turns = await startTurns(onePlace, (_event, send) => response('r', 1, 1).forEach(send));
  using idle = await turns.open();
  using client = await turns.open();
  for (let i = 1; i <= 3; i++) {
    client.socket.send(create());
    await client.received(3 * i);
  }
  idle.socket.send(create());
  await idle.received(3);
});

test('a turn waits for its place, and what the client sends meanwhile waits behind it in order', async () => {
  const finish: (() => void)[] = [];
  await using turns = await startTurns(onePlace, (event, send) => {
    if (!isTurn(event)) return;
    send(created);
    finish.push(() => send(response('r', 1, 1)[2]!));
  });
  using first = await turns.open();
  using second = await turns.open();
  first.socket.send(create());
  await first.received(1);
  second.socket.send(create({ input: 'second' }));
  for (let i = 0; i < 100; i++) second.socket.send(JSON.stringify({ type: 'later', i }));
  // Another round trip on the first connection: the second turn had the time to pass.
  first.socket.send('{"type":"ping"}');
  await turns.upstream.received(2);
  expect(turns.upstream.messages.map((message) => eventOf(message).type)).toEqual([
    'response.create',
    'ping',
  ]);
  finish[0]!();
  const events = (await turns.upstream.received(103)).slice(2).map(eventOf);
  expect(events[0]).toMatchObject({ type: 'response.create', input: 'second' });
  expect(events.slice(1).map(({ i }) => i)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('a turn that finds the queue full gets an error event, and the connection goes on', async () => {
  await using turns = await startTurns({ ...onePlace, QUEUE_SIZE: '0' }, (event, send) => {
    if (isTurn(event)) send(created);
    else send({ type: 'pong' });
  });
  using first = await turns.open();
  using second = await turns.open();
  first.socket.send(create());
  await first.received(1);
  second.socket.send(create());
  second.socket.send('{"type":"ping"}');
  await second.received(2);
  expect(second.messages.map(eventOf)).toEqual([
    expect.objectContaining({
      type: 'error',
      status: 503,
      error: expect.objectContaining({ code: 'overloaded' }),
    }),
    { type: 'pong' },
  ]);
});

const ends: Readonly<Record<string, (send: (event: Event) => void) => void>> = {
  'response.done': (send) => send({ type: 'response.done', response: { id: 'r', usage: usageOf(1, 1) } }),
  'response.done that was cancelled': (send) =>
    send({ type: 'response.done', response: { id: 'r', status: 'cancelled' } }),
  'response.completed': (send) => send(response('r', 1, 1)[2]!),
  'response.failed': (send) => send({ type: 'response.failed', response: { id: 'r', error: { code: 'x' } } }),
  'response.incomplete': (send) => send({ type: 'response.incomplete', response: { id: 'r' } }),
  'response.cancelled': (send) => send({ type: 'response.cancelled', response: { id: 'r' } }),
  'an error that names the event': (send) => send({ type: 'error', error: { code: 'x', event_id: 'mine' } }),
};

for (const [name, end] of Object.entries(ends)) {
  test(`a place comes back with ${name}`, async () => {
    await using turns = await startTurns({ ...onePlace, QUEUE_SIZE: '0' }, (event, send) => {
      if (isTurn(event)) send(created);
      else end(send);
    });
    using client = await turns.open('/v1/realtime');
    for (let i = 1; i <= 3; i++) {
      client.socket.send(realtimeCreate({ event_id: 'mine' }));
      await client.received(2 * i - 1);
      client.socket.send('{"type":"end it"}');
      await client.received(2 * i);
    }
    expect(typesOf(client).filter((type) => type === 'response.created')).toHaveLength(3);
  });
}

function createdOrRefused(event: Event, send: (event: Event) => void): void {
  if (isTurn(event)) send(created);
  else send({ type: 'error', status: 400, error: { code: 'previous_response_not_found' } });
}

test('an error of the Responses API ends its turn, one of Realtime about something else does not', async () => {
  for (const [body, code] of [
    [create(), undefined],
    [realtimeCreate(), 'overloaded'],
  ] as const) {
    await using turns = await startTurns({ ...onePlace, QUEUE_SIZE: '0' }, createdOrRefused);
    using client = await turns.open();
    client.socket.send(body);
    client.socket.send('{"type":"provoke"}');
    await client.received(2);
    client.socket.send(body);
    await client.received(3);
    expect((eventOf(client.messages[2]!).error as Event | undefined)?.code).toBe(code);
  }
});

test('places of turns come back however their connections end', async () => {
  await using turns = await startTurns({ ...onePlace, QUEUE_TIMEOUT: '5' }, (event, send, socket) => {
    if (event.end === 'upstream vanishes') socket.terminate();
    else if (event.end === 'upstream closes') socket.close();
    else if (event.begin !== false) send(created);
  });
  const dice = new Dice(12);
  const kinds = ['upstream vanishes', 'upstream closes', 'client vanishes', 'client closes'] as const;
  for (let i = 0; i < 60; i++) {
    const end = dice.pick(kinds);
    const begin = dice.chance(0.5);
    const client = await turns.open();
    const waiting = dice.chance(0.5) ? await turns.open() : undefined;
    const seen = turns.upstream.messages.length;
    client.socket.send(create({ begin }));
    await turns.upstream.received(seen + 1);
    if (begin) await client.received(1);
    // This one is in the queue as the other ends, or vanishes in it.
    waiting?.socket.send(create({ begin: false }));
    if (end.startsWith('upstream')) client.socket.send(JSON.stringify({ end }));
    else if (end === 'client closes') client.socket.close(1000);
    else client.socket.terminate();
    waiting?.socket.terminate();
    await client.end();
  }
  using last = await turns.open();
  last.socket.send(create());
  await last.received(1);
  expect(typesOf(last)).toEqual(['response.created']);
  last.socket.terminate();
  await until(async () => (await ask(turns.url, '/v1/models')).status !== 503, 'a request gets a place');
});
