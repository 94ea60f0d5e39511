import { expect, test } from 'bun:test';
import { events, PacedStream } from './pacing.ts';

test('eleven events in one chunk leave one at a time, evenly, the first without delay', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send(events(11).join(''));
  stream.body.end();
  await stream.clock.pass(0);
  expect(stream.left).toEqual([[0, 'data: 0\n\n']]);
  await stream.clock.pass(999);
  expect(stream.ended).toBeUndefined();
  await stream.clock.pass(1);
  expect(stream.left).toEqual(events(11).map((event, i) => [i * 100, event]));
  expect(stream.ended).toBe('end');
  expect(stream.clock.timers.size).toBe(0);
});

test('network chunks do not count: an event may come in many, and a chunk may hold many', async () => {
  const stream = new PacedStream(10);
  void stream.takeAll();
  for (const byte of events(4).join('')) stream.send(byte);
  await stream.clock.pass(100);
  stream.send('data: 4\n', '\ndata: 5\n\nda', 'ta: 6\n\n');
  stream.body.end();
  await stream.clock.pass(100);
  expect(stream.left).toEqual(events(7).map((event, i) => [i < 4 ? i * 10 : 60 + i * 10, event]));
});

test('a fraction of a millisecond counts: 60 a second are 600 in ten seconds, each on its time', async () => {
  const stream = new PacedStream(1000 / 60);
  void stream.takeAll();
  stream.send(events(700).join(''));
  await stream.clock.pass(9_999.9);
  expect(stream.left.length).toBe(600);
  for (const [i, at] of stream.times.entries()) {
    // As near behind its time as a timer of whole milliseconds can be.
    expect(at - (i * 1000) / 60).toBeWithin(-1e-6, 1.000001);
  }
});

test('late timers do not slow the pace, and what they owe is no burst', async () => {
  const stream = new PacedStream(20);
  void stream.takeAll();
  stream.send(events(1000).join(''));
  stream.clock.late = 7;
  await stream.clock.pass(2000);
  expect(stream.left.length).toBe(100);
  stream.clock.late = 45;
  await stream.clock.pass(100);
  stream.clock.late = 0;
  await stream.clock.pass(1900);
  const gaps = stream.times.map((at, i) => at - (stream.times[i - 1] ?? -20));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10);
  // Far too late is not owed for ever: at most 50 ms are made up for.
  expect(stream.left.length).toBeWithin(195, 201);
});

test('a stall of the upstream is not caught up with', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send(...events(2));
  await stream.clock.pass(5030);
  stream.send(...events(3, 2));
  await stream.clock.pass(1000);
  stream.send(...events(1, 5));
  await stream.clock.pass(0);
  expect(stream.times).toEqual([0, 100, 5030, 5130, 5230, 6030]);
});

test('events that come slower than the pace are not delayed, those that come early wait', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  for (const at of [0, 150, 249, 400]) {
    await stream.clock.pass(at - (stream.clock.time - 1000));
    stream.send(`data: ${at}\n\n`);
  }
  await stream.clock.pass(1000);
  expect(stream.times).toEqual([0, 150, 250, 400]);
});

test('intervals finer than a timer hold on average', async () => {
  const stream = new PacedStream(0.25);
  void stream.takeAll();
  stream.send(events(1000).join(''));
  await stream.clock.pass(100);
  expect(stream.left.length).toBeWithin(395, 402);
  expect(stream.left.every(([, text]) => text.split('\n\n').length === 2)).toBe(true);
});

test('an interval longer than any timer holds too', async () => {
  const year = 365 * 86_400_000;
  const stream = new PacedStream(year);
  void stream.takeAll();
  stream.send(...events(2));
  await stream.clock.pass(year - 1);
  expect(stream.times).toEqual([0]);
  await stream.clock.pass(1);
  expect(stream.times).toEqual([0, year]);
});

test('without an interval nothing waits', async () => {
  const stream = new PacedStream(0);
  void stream.takeAll();
  stream.send(events(50).join(''));
  stream.body.end();
  await stream.clock.pass(0);
  expect(stream.text).toBe(events(50).join(''));
  expect(stream.ended).toBe('end');
});

test('what came whole before it was asked for, a replay, is paced the same', async () => {
  const stream = new PacedStream(100, (body) => {
    body.push(Buffer.from(events(3).join('')));
    body.end();
  });
  void stream.takeAll();
  await stream.clock.pass(1000);
  expect(stream.times).toEqual([0, 100, 200]);
  expect(stream.ended).toBe('end');
  // The connection may serve somebody else already: it is left alone.
  expect(stream.told).toEqual([]);
});
