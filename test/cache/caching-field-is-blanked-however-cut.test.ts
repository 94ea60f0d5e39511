import { expect, test } from 'bun:test';
import { withoutCaching } from '../../src/gateway/caching-field.ts';
import { Dice } from '../support/random.ts';
import { randomBody } from './caching-field-bodies.ts';

/** The chunks that come out of it; none of them may be empty. */
async function passed(pieces: readonly Uint8Array[]): Promise<Buffer[]> {
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const out: Buffer[] = [];
  for await (const chunk of withoutCaching(source)) {
    expect(chunk.length).toBeGreaterThan(0);
    out.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  }
  return out;
}

async function through(pieces: readonly Uint8Array[]): Promise<string> {
  return Buffer.concat(await passed(pieces)).toString();
}

const bytewise = (bytes: Uint8Array) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

test('the field and its comma become spaces, all else stays', async () => {
  const dice = new Dice(13);
  for (let round = 0; round < 2500; round++) {
    const { text, blank } = randomBody(dice);
    const bytes = Buffer.from(text);
    for (const pieces of [[bytes], bytewise(bytes), dice.cut(bytes, 5), dice.cut(bytes, 60)]) {
      const out = await through(pieces);
      if (out !== blank) throw new Error(`${text}\n${out}\n${blank}`);
    }
    // The chunks belong to somebody else.
    expect(bytes.toString()).toBe(text);
  }
});

test('long strings with escapes anywhere are passed over', async () => {
  const dice = new Dice(14);
  for (let round = 0; round < 400; round++) {
    const parts = Array.from({ length: dice.int(1, 8) }, () => [
      'x'.repeat(dice.int(0, 90)),
      dice.pick(['\\"', '\\\\', '\\n', '","caching":true,"'.replaceAll('"', '\\"')]),
    ]);
    const long = parts.flat().join('');
    const [field, blank] = [',"caching":true', ' '.repeat(15)];
    const body = (own: string) => `{"a":"${long}","b":[["${long}"],{"caching":"${long}"}]${own}}`;
    const pieces = dice.cut(Buffer.from(body(field)), dice.pick([3, 40, 300]));
    expect(await through(pieces)).toBe(body(blank));
  }
});

test('broken bodies come out the same length, however cut', async () => {
  const dice = new Dice(15);
  const breaks = ['"', '\\', ',', ':', '{', '}', '[', ']', ' ', '\0', '"caching"'];
  for (let round = 0; round < 2500; round++) {
    const { text } = randomBody(dice);
    const at = dice.int(0, text.length);
    const bytes = Buffer.from(text.slice(0, at) + dice.pick(breaks) + text.slice(at + dice.int(0, 3)));
    const whole = await through([bytes]);
    expect(Buffer.byteLength(whole)).toBe(bytes.length);
    expect(await through(dice.cut(bytes, 4))).toBe(whole);
    const left = bytes.subarray(0, dice.int(0, bytes.length));
    expect(Buffer.concat(await passed(dice.cut(left, 4))).length).toBe(left.length);
  }
});

test('a field without a value goes alone', async () => {
  const bytes = Buffer.from('{"a":1,"caching" x, "b":2}');
  for (const pieces of [[bytes], bytewise(bytes)])
    expect(await through(pieces)).toBe('{"a":1           x, "b":2}');
});

test('what is no object passes untouched', async () => {
  for (const body of [
    '[{"caching":true}]',
    'x{"caching":true}',
    '"{", "caching":true',
    '',
    '\ufeff\ufeff{"caching":true}',
  ])
    for (const pieces of [[Buffer.from(body)], bytewise(Buffer.from(body))])
      expect(await through(pieces)).toBe(body);
});

test('chunks without it pass themselves', async () => {
  const chunks = ['{"caching":true,', '"a":"', 'b'.repeat(100), '"caching":1', '","b":[1,', '2]}'].map(
    (text) => Buffer.from(text),
  );
  const out = await passed(chunks);
  const same = chunks.filter((chunk) =>
    out.some(({ buffer, byteOffset }) => buffer === chunk.buffer && byteOffset === chunk.byteOffset),
  );
  expect(same).toEqual(chunks.slice(1));
});

test('white space without end before a key is not held', async () => {
  const space = Buffer.alloc(1000, ' ');
  const many = Array.from({ length: 100 }, () => space);
  const ends = ['"caching":true,"b":2}', '"caching":true}', '"b":2}'].map((text) => Buffer.from(text));
  const gap = ' '.repeat(100_000);
  const [between, last, none] = await Promise.all(
    ends.map((end) => through([Buffer.from('{"a":1,'), ...many, end])),
  );
  expect(between).toBe(`{"a":1,${gap}${' '.repeat(15)}"b":2}`);
  // One comma too many: refused upstream, but the field is gone.
  expect(last).toBe(`{"a":1,${gap}${' '.repeat(14)}}`);
  expect(none).toBe(`{"a":1,${gap}"b":2}`);
});
