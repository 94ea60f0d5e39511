import { expect, test } from 'bun:test';
import { HeadText } from '../../src/gateway/upstream/wire/head.ts';

const text = `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(5000)}\r\nZ: 1`;
const whole = Buffer.from(`${text}\r\n\r\nbody`);

test.each([1, 2, 3, 7, 4096, 10_000])('in pieces of %d bytes', (size) => {
  const head = new HeadText();
  let found: string | undefined;
  let at = 0;
  for (; found === undefined; at += size) found = head.take(whole.subarray(at, at + size));
  expect(found).toBe(text);
  expect(head.rest.toString() + whole.subarray(at).toString()).toBe('body');
});

/** Milliseconds to read so many bytes, one at a time. */
function time(bytes: number): number {
  const head = new HeadText();
  const piece = Buffer.from('x');
  const begun = performance.now();
  for (let i = 0; i < bytes; i++) head.take(piece);
  return performance.now() - begun;
}

test('takes time that grows with its length, and no faster', () => {
  time(10_000);
  const best = (bytes: number): number => Math.min(time(bytes), time(bytes), time(bytes));
  // Eight times as much: 8 when linear, 64 when each piece were joined to all before it.
  expect(best(120_000) / best(15_000)).toBeLessThan(24);
});
