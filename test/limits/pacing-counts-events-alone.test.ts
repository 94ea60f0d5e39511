import { expect, test } from 'bun:test';
import { events, PacedStream } from './pacing.ts';

test.each([
  [': ping\n\n'],
  [': one\n: two\n\n'],
  [':\r\n\r\n'],
  [': data: no\r\r'],
  ['event: ping\n\n'],
  ['id: 1\nretry: 3000\n\n'],
])('%p takes no turn', async (block) => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  const [first, second] = events(2) as [string, string];
  stream.send(block.repeat(20), first, block, second, block);
  stream.body.end();
  await stream.clock.pass(300);
  const all = block.repeat(20) + first + block + second + block;
  expect(stream.left.map(([, text]) => text).join('')).toBe(all);
  const times = Object.fromEntries(stream.left.map(([at, text]) => [text, at]));
  expect([times[first], times[second]]).toEqual([0, 100]);
  expect(stream.left[0]).toEqual([0, block]);
  // In order: what came behind an event leaves behind it.
  expect(stream.left.at(-1)).toEqual([100, block]);
  expect(stream.ended).toBe('end');
});

test.each([
  'data: x\n\n',
  'event: x\ndata: x\n\n',
  ': c\ndata\n\n',
  'id: 1\r\ndata:x\r\n\r\n',
  'id: 1\rdata:x\r\r',
])('%p takes a turn', async (event) => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send(event.repeat(3));
  stream.body.end();
  await stream.clock.pass(300);
  expect(stream.times).toEqual([0, 100, 200]);
});

test('a comment without a blank line leaves at once', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send('data: a\n\n');
  await stream.clock.pass(10);
  stream.send(': ping\n');
  await stream.clock.pass(0);
  expect(stream.left).toEqual([
    [0, 'data: a\n\n'],
    [10, ': ping\n'],
  ]);
});
