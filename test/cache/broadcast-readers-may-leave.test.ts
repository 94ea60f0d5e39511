import { expect, test } from 'bun:test';
import { broadcasting, settled } from './broadcast-source.ts';

test('the upstream is let go when the last has left, whoever that is', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const { source, join, told } = broadcasting();
    const readers = [join().start(), join(), join().start()];
    source.read('a');
    for (const i of order.slice(0, 2)) readers[i]!.body.discard();
    expect(source.cancelled).toBe(0);
    source.read('b');
    const last = readers[order[2]!]!;
    if (order[2] !== 1) expect(last.text).toBe('ab');
    last.body.discard();
    expect(source.cancelled).toBe(1);
    expect(told).toEqual({ full: 0, deserted: 1, ends: [] });
  }
});

test('one that left hears that it was, once, and gets no more', () => {
  const { source, join } = broadcasting();
  const [leaver, stayer] = [join().start(), join().start()];
  const heard: (string | undefined)[] = [];
  leaver.body.listen({ chunk() {}, end: (failure) => void heard.push(failure?.kind) });
  source.read('a');
  leaver.body.discard();
  leaver.body.discard();
  source.read('b');
  source.body.end();
  expect(heard).toEqual(['aborted']);
  expect(leaver.text).toBe('a');
  expect(stayer).toMatchObject({ text: 'ab', state: 'ended' });
});

test('a reader that left while it was full stays away', async () => {
  const { source, join } = broadcasting();
  const [leaver, stayer] = [join().start(), join().start()];
  leaver.full = true;
  source.read('a');
  leaver.drain();
  leaver.body.discard();
  source.read('b');
  await settled();
  expect(leaver.text).toBe('a');
  expect(stayer.text).toBe('ab');
});

test('to leave after the end lets nothing go: the connection serves somebody else', async () => {
  const { source, join, broadcast, told } = broadcasting();
  const [ended, lagging] = [join().start(), join().start()];
  lagging.full = true;
  source.read('a');
  source.read('b');
  source.body.end();
  expect(broadcast.heldBytes).toBe(1);
  ended.body.discard();
  lagging.body.discard();
  expect(source.cancelled).toBe(0);
  expect(told.deserted).toBe(0);
  expect(lagging).toMatchObject({ text: 'a', state: 'cut' });
  expect(broadcast.heldBytes).toBe(0);
});

test('nobody joins when the last has left', () => {
  const { source, join, broadcast } = broadcasting();
  source.read('a');
  join().body.discard();
  expect(broadcast.canJoin).toBe(false);
  expect(broadcast.heldBytes).toBe(0);
});

test('without a reader it goes on: nobody has left', () => {
  const { source, join, told } = broadcasting();
  source.read('a');
  source.read('b');
  expect(told.deserted).toBe(0);
  expect(join().start().text).toBe('ab');
});
