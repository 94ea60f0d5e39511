import { expect, test } from 'bun:test';
import { KnownQuestions } from '../../src/gateway/cache/known-questions.ts';

const question = (key: string) => ({ key, model: '', stream: false, includeUsage: false });
const letters = (before: string, body: string | Uint8Array) => ({ before, body: Buffer.from(body) });
const hashOf = (body: string): number => Bun.hash.xxHash32(body, Bun.hash.xxHash32('me'));

test('only the very letters are known', () => {
  const known = new KnownQuestions();
  known.add(letters('me', '{"a":1}'), question('one'));
  expect(known.find(letters('me', '{"a":1}'))?.key).toBe('one');
  for (const other of [
    letters('you', '{"a":1}'),
    letters('me', '{"a":2}'),
    letters('me', ''),
    letters('', ''),
  ])
    expect(known.find(other)).toBeUndefined();
});

test('of two that share a hash none is taken for the other', () => {
  const seen = new Map<number, string>();
  let pair: [string, string] | undefined;
  for (let i = 0; !pair; i++) {
    const body = `{"question":${i}}`;
    const before = seen.get(hashOf(body));
    if (before === undefined) seen.set(hashOf(body), body);
    else pair = [before, body];
  }
  const known = new KnownQuestions();
  known.add(letters('me', pair[0]), question('first'));
  expect(known.find(letters('me', pair[1]))).toBeUndefined();
  known.add(letters('me', pair[1]), question('second'));
  expect(known.find(letters('me', pair[1]))?.key).toBe('second');
  expect(known.find(letters('me', pair[0]))).toBeUndefined();
});

test('what is changed after it was noted changes nothing', () => {
  const known = new KnownQuestions();
  const noted = letters('me', 'abc');
  known.add(noted, question('abc'));
  noted.body[0] = 120;
  expect(known.find(noted)).toBeUndefined();
  expect(known.find(letters('me', 'abc'))?.key).toBe('abc');
});

test('the oldest go when there are many, or they are large; a huge one is not noted', () => {
  const known = new KnownQuestions();
  for (let i = 0; i < 10_001; i++) known.add(letters('me', `${i}`), question(`${i}`));
  expect(known.find(letters('me', '0'))).toBeUndefined();
  expect(known.find(letters('me', '1'))?.key).toBe('1');
  expect(known.find(letters('me', '10000'))?.key).toBe('10000');
  for (let i = 0; i < 400; i++) known.add(letters('large', Buffer.alloc(60_000, `${i} `)), question(`${i}`));
  expect(known.find(letters('me', '10000'))).toBeUndefined();
  const kept = Array.from({ length: 400 }, (_, i) =>
    known.find(letters('large', Buffer.alloc(60_000, `${i} `))),
  );
  expect(kept.filter(Boolean).length).toBeLessThanOrEqual(Math.floor((16 * 2 ** 20) / 60_000));
  expect(kept.at(-1)?.key).toBe('399');
  known.add(letters('me', Buffer.alloc(70_000)), question('huge'));
  expect(known.find(letters('me', Buffer.alloc(70_000)))).toBeUndefined();
});
