import { expect, test } from 'bun:test';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import { settled } from './broadcast-source.ts';
import { airport, answerIn, Client, reading } from './flights-parts.ts';

const kindOf = (outcome: unknown): string => (outcome instanceof WireFailure ? outcome.kind : 'an answer');

test('nobody’s signal is made before the wire asks; then everybody’s is, also of those who come later', async () => {
  const { fly, asked } = airport();
  const clients = [new Client(), new Client()];
  for (const client of clients) void fly(client);
  await settled();
  expect(clients.map(({ asked: times }) => times)).toEqual([0, 0]);
  const { signal } = asked[0]!.client;
  expect(asked[0]!.client.signal).toBe(signal);
  expect(clients.map(({ asked: times }) => times)).toEqual([1, 1]);
  const late = new Client();
  void fly(late);
  expect(late.asked).toBe(1);
});

test('an exchange that is over at once makes no signal at all', async () => {
  const { fly, asked } = airport();
  const client = new Client();
  const flying = fly(client);
  asked[0]!.whole('x');
  await flying;
  expect(client.asked).toBe(0);
});

test('the leader leaves before the answer: it goes on for the others', async () => {
  const { fly, asked, kept } = airport();
  const leader = new Client();
  const [first, second] = [fly(leader), fly()];
  const signal = asked[0]!.watch();
  leader.leave();
  expect(kindOf((await first).outcome)).toBe('aborted');
  expect(signal.aborted).toBe(false);
  const third = fly();
  expect(asked.length).toBe(1);
  asked[0]!.whole('x');
  for (const flown of await Promise.all([second, third])) {
    expect(Buffer.from(answerIn(flown).body.whole()!).toString()).toBe('x');
  }
  expect(kept).toEqual(['x']);
});

test('all leave before the answer: the upstream hears it, and the next asks anew', async () => {
  const { fly, asked, flights } = airport();
  const clients = [new Client(), new Client(), new Client()];
  const all = clients.map((client) => fly(client));
  const signal = asked[0]!.watch();
  for (const client of clients) {
    expect(signal.aborted).toBe(false);
    client.leave();
  }
  expect(signal.aborted).toBe(true);
  expect(flights.size).toBe(0);
  for (const { outcome } of await Promise.all(all)) expect(kindOf(outcome)).toBe('aborted');
  void fly();
  expect(asked.length).toBe(2);
});

test('all had left before anybody asked: the signal says so', () => {
  const { fly, asked, flights } = airport();
  const clients = [new Client(), new Client()];
  for (const client of clients) client.leave();
  for (const client of clients) void fly(client);
  expect(asked[0]!.client.signal.aborted).toBe(true);
  expect(flights.size).toBe(0);
});

test('one that had left already when it came holds nobody', async () => {
  const { fly, asked } = airport();
  const leader = new Client();
  void fly(leader);
  const signal = asked[0]!.watch();
  const gone = new Client();
  gone.leave();
  expect(kindOf((await fly(gone)).outcome)).toBe('aborted');
  expect(signal.aborted).toBe(false);
  leader.leave();
  expect(signal.aborted).toBe(true);
});

test('an answer for which nobody waits any more is let go, and not kept', async () => {
  for (const whole of [true, false]) {
    const { fly, asked, kept } = airport();
    const client = new Client();
    void fly(client);
    // It listens, and is too late to heed it.
    expect(asked[0]!.client.signal.aborted).toBe(false);
    client.leave();
    if (whole) asked[0]!.whole('x');
    else asked[0]!.head();
    await settled();
    expect(asked[0]!.source.cancelled).toBe(whole ? 0 : 1);
    expect(kept).toEqual([]);
  }
});

test('a client that leaves without ever reading is no reader any more', async () => {
  const { fly, asked, flights } = airport();
  const [first, second] = [new Client(), new Client()];
  const all = [fly(first), fly(second)];
  asked[0]!.head();
  const [unread] = await Promise.all(all);
  const signal = asked[0]!.watch();
  asked[0]!.source.read('a');
  second.leave();
  expect(asked[0]!.source.cancelled).toBe(0);
  const ends: (string | undefined)[] = [];
  answerIn(unread!).body.listen({ chunk() {}, end: (failure) => void ends.push(failure?.kind) });
  first.leave();
  expect(asked[0]!.source.cancelled).toBe(1);
  // Its limits are settled by it.
  expect(ends).toEqual(['aborted']);
  expect(signal.aborted).toBe(true);
  expect(flights.size).toBe(0);
});

test('some by their signal, some by their stream: the last one counts', async () => {
  const { fly, asked, kept } = airport();
  const clients = [new Client(), new Client()];
  const all = clients.map((client) => fly(client));
  asked[0]!.head();
  const [one, other] = (await Promise.all(all)).map(reading);
  const late = new Client();
  const lateFlown = await fly(late);
  asked[0]!.watch();
  one!.body.discard();
  clients[0]!.leave();
  other!.body.discard();
  asked[0]!.source.read('a');
  expect(asked[0]!.source.cancelled).toBe(0);
  const reader = reading(lateFlown);
  expect(reader.text).toBe('a');
  late.leave();
  expect(asked[0]!.source.cancelled).toBe(1);
  expect(kept).toEqual([]);
});

test('to leave after the end ends nothing', async () => {
  const { fly, asked, kept } = airport();
  const client = new Client();
  const flying = fly(client);
  asked[0]!.head();
  const signal = asked[0]!.watch();
  const reader = reading(await flying);
  asked[0]!.source.read('a');
  asked[0]!.source.body.end();
  client.leave();
  expect(reader.state).toBe('ended');
  expect(signal.aborted).toBe(false);
  expect(asked[0]!.source.cancelled).toBe(0);
  expect(kept).toEqual(['a']);
});

test('those who come and go leave nothing behind in a long flight', async () => {
  const { fly, asked, flights } = airport();
  const first = fly();
  asked[0]!.head();
  await first;
  for (let i = 0; i < 100; i++) answerIn(await fly()).body.discard();
  // @ts-expect-error: who is present is nobody else's business
  const [flight] = flights.flights.values();
  expect((flight as unknown as { present: unknown[] }).present.length).toBe(1);
});

test('the last leaves by its stream before the wire asked for a signal: the upstream is let go', async () => {
  const { fly, asked, flights } = airport();
  const flying = fly();
  asked[0]!.head();
  reading(await flying).body.discard();
  expect(asked[0]!.source.cancelled).toBe(1);
  expect(flights.size).toBe(0);
});
