import { expect, test } from 'bun:test';
import { KeyTurns } from '../../src/gateway/upstream/key-turns.ts';

const MINUTE = 60_000;

function keysOf(...keys: string[]) {
  const clock = { now: 0 };
  const said: string[] = [];
  const real = new KeyTurns(
    keys,
    (line) => said.push(line),
    () => clock.now,
  );
  const taken = (count: number): string => Array.from({ length: count }, () => real.next()).join('');
  return { real, clock, said, taken };
}

test('round-robin; none where there is none', () => {
  expect(keysOf('a', 'b', 'c').taken(7)).toBe('abcabca');
  expect(keysOf('a').taken(3)).toBe('aaa');
  expect(keysOf().real.next()).toBeUndefined();
});

test('a refused key rests for ten minutes', () => {
  const { real, clock, taken } = keysOf('a', 'b', 'c');
  real.refused('b', 401);
  expect(taken(4)).toBe('acac');
  clock.now = 10 * MINUTE - 1;
  expect(taken(2)).toBe('ac');
  clock.now = 10 * MINUTE;
  expect(taken(3)).toContain('b');
});

test('a key that is accepted rests no more', () => {
  const { real, taken } = keysOf('a', 'b');
  real.refused('b', 401);
  real.accepted('b');
  expect(taken(2)).toContain('b');
});

test('where all rest, the one that has rested longest is tried', () => {
  const { real, clock } = keysOf('a', 'b');
  real.refused('b', 401);
  clock.now = 1;
  real.refused('a', 401);
  expect(real.next()).toBe('b');
  expect(real.another(new Set(['b']))).toBeUndefined();
});

test('the key of the attempt before is taken again only when no other works', () => {
  const { real } = keysOf('a', 'b');
  for (let i = 0; i < 3; i++) expect(real.next('a')).toBe('b');
  real.refused('b', 401);
  expect(real.next('a')).toBe('a');
});

test('each refusal is said once, until the key is accepted', () => {
  const { real, said } = keysOf('sk-0123456789abcd', 'sk-0123456789wxyz');
  for (let i = 0; i < 3; i++) real.refused('sk-0123456789abcd', 401);
  real.accepted('sk-0123456789abcd');
  real.accepted('sk-0123456789abcd');
  real.refused('sk-0123456789abcd', 403);
  expect(said).toEqual([
    'refuses the key sk-…abcd (status 401); it is not used for 10 minutes',
    'accepts the key sk-…abcd again',
    'refuses the key sk-…abcd (status 403); it is not used for 10 minutes',
  ]);
});
