import { expect, test } from 'bun:test';
import { ChunkedDecoder } from '../../src/gateway/upstream/wire/chunked.ts';
import { Dice } from '../support/random.ts';

/** Feeds pieces; gives the body, whether it ended, and what was left over. */
function decode(pieces: Iterable<Uint8Array>) {
  const decoder = new ChunkedDecoder();
  const body: Buffer[] = [];
  const left: Buffer[] = [];
  for (const piece of pieces) {
    // A copy: it decodes in place, and other rounds want the same bytes.
    const own = Buffer.from(piece);
    const used = decoder.feed(own, (view) => body.push(view as Buffer));
    left.push(own.subarray(used));
  }
  return { body: Buffer.concat(body), done: decoder.done, left: Buffer.concat(left).toString('latin1') };
}

const bytewise = (bytes: Uint8Array) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));

/** A random body in the chunked coding, with extensions, odd hex and trailers. */
function encode(dice: Dice) {
  const pieces: Buffer[] = [];
  const coded: Buffer[] = [];
  for (let i = dice.int(0, 6); i > 0; i--) {
    const piece = dice.bytes(dice.int(1, 70));
    const size = dice.pick(['', '0', '000']) + piece.length.toString(16);
    const extension = dice.pick(['', ';a', ';a=b;c="d"', ' ', '\t;x=1']);
    pieces.push(piece);
    coded.push(Buffer.from((dice.chance(0.5) ? size : size.toUpperCase()) + extension + '\r\n'), piece);
    coded.push(Buffer.from('\r\n'));
  }
  coded.push(
    Buffer.from(
      `${dice.pick(['0', '00', '0;x'])}\r\n${dice.pick(['', 'X-T: 1\r\n', 'A: b\r\nC: d\r\n'])}\r\n`,
    ),
  );
  return { body: Buffer.concat(pieces), coded: Buffer.concat(coded) };
}

test('byte by byte and cut at random, the body is the same', () => {
  const dice = new Dice(20_261_123);
  for (let round = 0; round < 500; round++) {
    const { body, coded } = encode(dice);
    const all = Buffer.concat([coded, Buffer.from('HTTP/1.1 next')]);
    for (const pieces of [[all], bytewise(all), dice.cut(all, 9), dice.cut(all, 100)]) {
      const decoded = decode(pieces);
      expect(decoded.body.equals(body)).toBe(true);
      expect({ done: decoded.done, left: decoded.left }).toEqual({ done: true, left: 'HTTP/1.1 next' });
    }
  }
});

test('small chunks of one read are one piece, large ones stay where they are', () => {
  const [large, small] = ['y'.repeat(4000), 'abc'];
  const coded = [small, small, large, small, small].map(
    (text) => `${text.length.toString(16)}\r\n${text}\r\n`,
  );
  const pieces: string[] = [];
  new ChunkedDecoder().feed(Buffer.from(coded.join('')), (piece) => pieces.push(String(piece)));
  expect(pieces).toEqual(['abcabc', `${large}abcabc`]);
});

test('what is no coding does not take away what came before it', () => {
  const pieces: string[] = [];
  const feed = () =>
    new ChunkedDecoder().feed(Buffer.from('3\r\nabc\r\n1\r\ndX'), (piece) => pieces.push(String(piece)));
  expect(feed).toThrow('malformed');
  expect(pieces).toEqual(['abcd']);
});

test('a body cut short is not done', () => {
  const coded = Buffer.from('5\r\nhello\r\n3;x\r\nabc\r\n0\r\nX: y\r\n\r\n');
  for (let end = 0; end < coded.length; end++) {
    expect(decode([coded.subarray(0, end)]).done).toBe(false);
    expect(decode(bytewise(coded.subarray(0, end))).done).toBe(false);
  }
  expect(decode([coded]).done).toBe(true);
});

test.each([
  'x\r\n',
  '\r\n',
  '-1\r\n',
  '+1\r\na\r\n',
  '0x5\r\nhello\r\n',
  '5\nhello\r\n0\r\n\r\n',
  '5\rhello',
  '5\r\nhelloX\r\n',
  '5\r\nhello\n0\r\n\r\n',
  '5;a\nhello\r\n0\r\n\r\n',
  'fffffffffffffff\r\n',
  `1;${'x'.repeat(20_000)}\r\na\r\n`,
  `0\r\n${'x'.repeat(20_000)}\r\n\r\n`,
])('%j is refused', (coded) => {
  expect(() => decode([Buffer.from(coded)])).toThrow();
  expect(() => decode(bytewise(Buffer.from(coded)))).toThrow();
});

test('random bytes never hang it, and never end a body without its last chunk', () => {
  const dice = new Dice(7);
  for (let round = 0; round < 2000; round++) {
    const bytes = Buffer.concat([
      Buffer.from(dice.pick(['', '5\r\n', '1;', '0\r\n'])),
      dice.bytes(dice.int(0, 60)),
    ]);
    try {
      if (decode(dice.cut(bytes, 7)).done) expect(bytes.toString('latin1')).toMatch(/0[^]*\n\r?\n/);
    } catch (error) {
      expect((error as Error).name).toBe('WireFailure');
    }
  }
});
