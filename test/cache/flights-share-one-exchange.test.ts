import { expect, test } from 'bun:test';
import type { Flown } from '../../src/gateway/cache/flights.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import type { ResponseHead } from '../../src/gateway/upstream/wire/head.ts';
import type { Answer } from '../../src/gateway/upstream/wire/types.ts';
import { settled } from './broadcast-source.ts';
import { airport, answerIn, Asking, Client, headOf, reading } from './flights-parts.ts';

const failure = new WireFailure('first_byte_timeout', '1 s');

test('200 at once ask once; each has the whole answer, one was asked for', async () => {
  const { fly, asked, kept, flights } = airport();
  const all = Array.from({ length: 200 }, () => fly());
  expect(asked.length).toBe(1);
  asked[0]!.whole('answer');
  const flown = await Promise.all(all);
  expect(flown.filter(({ collapsed }) => !collapsed).length).toBe(1);
  expect(flown[0]!.collapsed).toBe(false);
  for (const one of flown) expect(Buffer.from(answerIn(one).body.whole()!).toString()).toBe('answer');
  expect(kept).toEqual(['answer']);
  expect(flights.size).toBe(0);
});

test('200 share a stream', async () => {
  const { fly, asked, kept } = airport();
  const all = Array.from({ length: 200 }, () => fly());
  asked[0]!.source.read('a');
  asked[0]!.head();
  const readers = (await Promise.all(all)).map(reading);
  asked[0]!.source.read('b');
  asked[0]!.source.body.end();
  for (const reader of readers) expect(reader).toMatchObject({ text: 'ab', state: 'ended' });
  expect(asked.length).toBe(1);
  expect(kept).toEqual(['ab']);
});

test.each(['whole', 'stream'])('each has a head of its own, to be stamped: %s', async (kind) => {
  const { flights } = airport();
  const asking = new Asking(new Client());
  let kept: ResponseHead | undefined;
  const fly = (): Promise<Flown> =>
    flights.fly(
      'key',
      new Client(),
      () => asking.outcome,
      (head) => (kept = head),
    );
  const all = [fly(), fly()];
  if (kind === 'whole') asking.whole('x');
  else asking.head();
  const [first, second] = (await Promise.all(all)).map(answerIn);
  first!.head.headers.push(['mine', '1']);
  asking.source.body.end();
  expect(second!.head).toEqual(headOf());
  // What is kept has nobody's stamp either.
  expect(kept).toEqual(headOf());
});

test('who comes while the body comes gets what came; who comes later asks anew', async () => {
  const { fly, asked, flights } = airport();
  const first = fly();
  asked[0]!.head();
  const leader = reading(await first);
  asked[0]!.source.read('a');
  const flown = await fly();
  expect(flown.collapsed).toBe(true);
  const late = reading(flown);
  expect(late.text).toBe('a');
  asked[0]!.source.read('b');
  asked[0]!.source.body.end();
  expect([leader.text, late.text]).toEqual(['ab', 'ab']);
  expect(flights.size).toBe(0);
  void fly();
  expect(asked.length).toBe(2);
});

test('different keys share nothing', () => {
  const { fly, asked } = airport();
  void fly(undefined, 'a');
  void fly(undefined, 'b');
  expect(asked.length).toBe(2);
});

test('a failure before the answer reaches all, and the next asks anew', async () => {
  const { fly, asked, kept } = airport();
  const all = [fly(), fly(), fly()];
  asked[0]!.fail(failure);
  expect((await Promise.all(all)).map(({ outcome }) => outcome)).toEqual([failure, failure, failure]);
  void fly();
  expect(asked.length).toBe(2);
  expect(kept).toEqual([]);
});

test('a failure in the middle cuts all, keeps nothing, and the next asks anew', async () => {
  const { fly, asked, kept } = airport();
  const all = [fly(), fly()];
  asked[0]!.head();
  asked[0]!.source.read('a');
  const readers = (await Promise.all(all)).map(reading);
  asked[0]!.fail(new WireFailure('truncated', 'gone'));
  for (const reader of readers) expect(reader).toMatchObject({ text: 'a', state: 'cut' });
  expect(kept).toEqual([]);
  void fly();
  expect(asked.length).toBe(2);
});

test('an error answer is everybody’s', async () => {
  const { fly, asked } = airport();
  const all = [fly(), fly()];
  asked[0]!.whole('no', 503);
  const answers = (await Promise.all(all)).map(answerIn);
  expect(answers.map(({ head }) => head.status)).toEqual([503, 503]);
  expect(answers.map(({ body }) => Buffer.from(body.whole()!).toString())).toEqual(['no', 'no']);
});

test.each([
  ['later', (): Promise<never> => Promise.reject(new Error('broken'))],
  [
    'at once',
    (): never => {
      throw new Error('broken');
    },
  ],
])('what asking throws %s reaches all', async (_, ask) => {
  const { flights } = airport();
  const all = Array.from({ length: 3 }, () => flights.fly('key', new Client(), ask, () => {}));
  const outcomes = await Promise.allSettled(all);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(flights.size).toBe(0);
});

test('a connection that left HTTP is the leader’s; the others ask for themselves', async () => {
  const { fly, asked, flights } = airport();
  const clients = [new Client(), new Client(), new Client()];
  const all = clients.map((client) => fly(client));
  const connection = { cancel() {} } as unknown as Answer['upgraded'];
  asked[0]!.upgrade(connection);
  await settled();
  expect(asked.length).toBe(3);
  expect(asked[2]!.client).toBe(clients[2]!);
  asked[1]!.whole('one');
  asked[2]!.fail(failure);
  const [first, second, third] = await Promise.all(all);
  expect(answerIn(first!).upgraded).toBe(connection);
  expect(second!.collapsed).toBe(false);
  expect(Buffer.from(answerIn(second!).body.whole()!).toString()).toBe('one');
  expect(third!.outcome).toBe(failure);
  expect(flights.size).toBe(0);
});

test('a connection that left HTTP is let go when its leader has left', async () => {
  const { fly, asked } = airport();
  const leader = new Client();
  void fly(leader);
  void fly();
  asked[0]!.watch();
  leader.leave();
  let cancelled = 0;
  asked[0]!.upgrade({ cancel: () => cancelled++ } as unknown as Answer['upgraded']);
  await settled();
  expect(cancelled).toBe(1);
  expect(asked.length).toBe(2);
});

test('too large to be kept: shared up to there, then the next asks anew', async () => {
  const { fly, asked, kept } = airport(3);
  const all = [fly(), fly()];
  asked[0]!.head();
  const readers = (await Promise.all(all)).map(reading);
  asked[0]!.source.read('abc');
  readers.push(reading(await fly()));
  asked[0]!.source.read('d');
  void fly();
  expect(asked.length).toBe(2);
  asked[0]!.source.body.end();
  for (const reader of readers) expect(reader).toMatchObject({ text: 'abcd', state: 'ended' });
  expect(kept).toEqual([]);
});

test('a whole answer that is too large is shared, and not kept', async () => {
  const { fly, asked, kept } = airport(3);
  const all = [fly(), fly()];
  asked[0]!.whole('abcd');
  for (const one of await Promise.all(all)) expect(answerIn(one).body.whole()!.length).toBe(4);
  expect(kept).toEqual([]);
});

test('an old flight does not close a new one of its key', async () => {
  const { fly, asked, flights } = airport(3);
  const first = fly();
  asked[0]!.head();
  const reader = reading(await first);
  asked[0]!.source.read('abcd');
  void fly();
  asked[0]!.source.body.end();
  expect(reader.state).toBe('ended');
  expect(flights.size).toBe(1);
  void fly();
  expect(asked.length).toBe(2);
});
