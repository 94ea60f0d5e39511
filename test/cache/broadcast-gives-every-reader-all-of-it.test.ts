import { expect, test } from 'bun:test';
import { Broadcast, wholeBody } from '../../src/gateway/cache/broadcast.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import { broadcasting, settled, Sink, Source } from './broadcast-source.ts';

test('readers of every hour get what came, then what comes', () => {
  const { source, join, told } = broadcasting();
  const early = join().start();
  source.read('one ');
  const late = join();
  source.read('two ', 'three ');
  const later = join().start();
  expect(early.text).toBe('one two three ');
  expect(later.text).toBe('one two three ');
  source.read('four');
  source.body.end();
  late.start();
  for (const reader of [early, late, later]) {
    expect(reader.text).toBe('one two three four');
    expect(reader.state).toBe('ended');
  }
  expect(told).toEqual({ full: 0, deserted: 0, ends: [{ whole: 'one two three four', failure: undefined }] });
});

test('what leaves at once upstream leaves at once here: one flush a read', () => {
  const { source, join } = broadcasting();
  const reader = join().start();
  source.read('a', 'b');
  source.read('c');
  source.read('d', 'e', 'f');
  expect(reader.flushes).toEqual(['ab', 'abc', 'abcdef']);
  const late = join().start();
  source.read('g');
  expect(late.flushes).toEqual(['abcdef', 'abcdefg']);
});

test('a reader that is full is not flushed for nothing', async () => {
  const { source, join } = broadcasting();
  const reader = join().start();
  reader.full = true;
  for (const text of ['a', 'b', 'c']) source.read(text);
  expect(reader.flushes).toEqual(['a']);
  reader.drain();
  await settled();
  expect(reader.flushes).toEqual(['a', 'abc']);
});

test('what came before it was fed comes too, to those who joined before', () => {
  const source = new Source();
  const ends: (WireFailure | undefined)[] = [];
  const broadcast = new Broadcast(1000, {
    onFull() {},
    onEnd: (_, failure) => void ends.push(failure),
    onDeserted() {},
  });
  const reader = new Sink(broadcast.join()).start();
  source.body.push(Buffer.from('x'));
  const failure = new WireFailure('truncated', 'gone');
  source.body.fail(failure);
  broadcast.feed(source.body);
  expect(reader).toMatchObject({ text: 'x', state: 'cut' });
  expect(ends).toEqual([failure]);
});

test('the pieces are shared, not copied for each', () => {
  const { source, broadcast } = broadcasting();
  const pieces: Uint8Array[] = [];
  for (const body of [broadcast.join(), broadcast.join()]) {
    body.listen({ chunk: (piece) => void pieces.push(piece), end() {} });
  }
  source.read('abc');
  expect(pieces.length).toBe(2);
  expect(pieces[0]).toBe(pieces[1]!);
});

test('a body that ends without a byte is whole, and empty', () => {
  const { source, join, told } = broadcasting();
  const reader = join().start();
  source.body.end();
  expect(reader.state).toBe('ended');
  expect(told.ends).toEqual([{ whole: '', failure: undefined }]);
});

test('nobody joins what has ended', () => {
  const { source, broadcast } = broadcasting();
  source.read('a');
  expect(broadcast.canJoin).toBe(true);
  source.body.end();
  expect(broadcast.canJoin).toBe(false);
  expect(() => broadcast.join()).toThrow('gone');
});

test('a reader that starts after the end has all of it, however long it is', async () => {
  const long = Buffer.alloc(300_000, 'x');
  const { source, join } = broadcasting(1e6);
  const reader = join();
  for (let at = 0; at < long.length; at += 10_000) source.read(long.subarray(at, at + 10_000));
  source.body.end();
  let ended = false;
  void reader.body.pipe(reader)?.then(() => (ended = true));
  await settled();
  expect(reader.length).toBe(300_000);
  expect(reader.state).toBe('ended');
  // Or Bun would wait for the stream for ever.
  expect(ended).toBe(true);
});

test('a failure cuts every reader, behind what came before it', async () => {
  const { source, broadcast, join, told } = broadcasting(1e6);
  const failures: unknown[] = [];
  const [fast, slow] = [join().start(), join().start()];
  const unstarted = join();
  for (const { body } of [fast, slow, unstarted]) {
    body.listen({ chunk() {}, end: (failure) => void failures.push(failure) });
  }
  slow.full = true;
  source.read('a');
  source.read('b');
  const failure = new WireFailure('truncated', 'gone');
  source.body.fail(failure);
  expect(fast).toMatchObject({ text: 'ab', state: 'cut' });
  expect(slow).toMatchObject({ text: 'a', state: 'open' });
  slow.drain();
  await settled();
  expect(slow).toMatchObject({ text: 'ab', state: 'cut' });
  expect(unstarted.start()).toMatchObject({ text: 'ab', state: 'cut' });
  // The failure itself, not only that there was one: limits are settled by its kind.
  expect(failures).toEqual([failure, failure, failure]);
  expect(told.ends).toEqual([{ whole: undefined, failure: 'truncated' }]);
  expect(broadcast.heldBytes).toBe(0);
});

test('one reader that breaks does not break it for the others', () => {
  const { source, broadcast, join, told } = broadcasting();
  const broken = broadcast.join();
  broken.listen({
    chunk(piece) {
      if (piece[0] === 98) throw new Error('no b');
    },
    end() {},
  });
  const reader = join().start();
  source.read('a');
  source.read('b');
  source.body.end();
  expect(reader).toMatchObject({ text: 'ab', state: 'ended' });
  expect(told.ends).toEqual([{ whole: 'ab', failure: undefined }]);
});

test.each([['abc'], [''], ['x'.repeat(200_000)]])('a whole body is whole (%#)', (text) => {
  expect(Buffer.from(wholeBody(Buffer.from(text)).whole()!).toString()).toBe(text);
  const sink = new Sink(wholeBody(Buffer.from(text))).start(false);
  expect(sink.text).toBe(text);
  expect(sink.state).toBe('ended');
});
