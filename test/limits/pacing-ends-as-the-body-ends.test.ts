import { expect, test } from 'bun:test';
import { events, PacedStream } from './pacing.ts';

test('a cut body is an error for the client, after what came before it left', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send(`${events(3).join('')}data: cu`);
  stream.cut();
  await stream.clock.pass(300);
  expect(stream.ended).toBeUndefined();
  await stream.clock.pass(1);
  expect(stream.text).toBe(`${events(3).join('')}data: cu`);
  expect(stream.times).toEqual([0, 100, 200, 300]);
  // By this name Bun resets the connection.
  expect((stream.ended as Error).name).toBe('AbortError');
});

test('a body without its last blank line is passed as it is', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send('data: a\n\ndata: [DONE]\n');
  stream.body.end();
  await stream.clock.pass(100);
  expect(stream.left).toEqual([
    [0, 'data: a\n\n'],
    [100, 'data: [DONE]\n'],
  ]);
  expect(stream.ended).toBe('end');
});

test('an end or a cut that comes later than the last event is told at once', async () => {
  const whole = new PacedStream(100);
  void whole.takeAll();
  whole.send(...events(1));
  await whole.clock.pass(10);
  whole.body.end();
  await whole.clock.pass(0);
  expect(whole.ended).toBe('end');
  const cut = new PacedStream(100);
  void cut.takeAll();
  cut.send(...events(1));
  await cut.clock.pass(10);
  cut.cut();
  await cut.clock.pass(1);
  expect(cut.ended).toBeInstanceOf(Error);
});

test('a body without events ends', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.body.end();
  await stream.clock.pass(0);
  expect([stream.left, stream.ended]).toEqual([[], 'end']);
});

test('a client that leaves cancels the upstream at once and leaves no timer', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send(events(5).join(''));
  await stream.clock.pass(150);
  expect(stream.clock.timers.size).toBe(1);
  await stream.leave();
  expect(stream.told).toEqual(['pause', 'cancel']);
  expect(stream.clock.timers.size).toBe(0);
  // What still comes from there meets nobody.
  stream.send(events(5).join(''));
  stream.cut();
  await stream.clock.pass(1000);
  expect(stream.left.length).toBe(2);
  expect(stream.clock.timers.size).toBe(0);
});

test('a client that leaves after the upstream was done leaves its connection alone', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  stream.send(events(5).join(''));
  stream.body.end();
  await stream.clock.pass(150);
  await stream.leave();
  expect(stream.told).toEqual(['pause']);
  expect(stream.clock.timers.size).toBe(0);
});
