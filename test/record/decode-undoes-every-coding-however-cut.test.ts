import { describe, expect, test } from 'bun:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { decoder } from '../../src/openai/decode.ts';
import { Dice } from '../support/random.ts';

const dice = new Dice(20_261_124);
const body = Buffer.concat([dice.bytes(20_000), Buffer.from('{"usage":{}}'.repeat(500))]);

/** Decodes pieces; gives what came out and whether it was whole. Each piece is overwritten once it was handed over. */
function decode(encoding: string, pieces: Iterable<Uint8Array>, end = true) {
  return new Promise<{ out: Buffer; whole: boolean }>((resolve) => {
    const out: Buffer[] = [];
    const into = decoder(encoding, {
      chunk: (piece) => out.push(Buffer.from(piece)),
      end: (whole) => resolve({ out: Buffer.concat(out), whole }),
    })!;
    for (const piece of pieces) {
      const view = Buffer.from(piece);
      into.chunk(view);
      view.fill(0);
    }
    into.end(end);
  });
}

const codings: [string, Buffer][] = [
  ['gzip', gzipSync(body)],
  ['X-GZIP', gzipSync(body)],
  ['deflate', deflateSync(body)],
  ['deflate', deflateRawSync(body)],
  ['br', brotliCompressSync(body)],
  ['zstd', zstdCompressSync(body)],
  ['identity, gzip', gzipSync(body)],
  ['gzip, br', brotliCompressSync(gzipSync(body))],
];

describe.each(codings)('%s', (encoding, coded) => {
  test('is undone, whole or in pieces', async () => {
    for (const pieces of [[coded], dice.cut(coded, 5000), dice.cut(coded, 40)]) {
      const { out, whole } = await decode(encoding, pieces);
      expect({ same: out.equals(body), whole }).toEqual({ same: true, whole: true });
    }
  });

  test('of a body cut short, is not whole', async () => {
    const { out, whole } = await decode(encoding, [coded.subarray(0, coded.length >> 1)], false);
    expect(whole).toBe(false);
    expect(out.equals(body.subarray(0, out.length))).toBe(true);
  });

  test('of no bytes, is empty', async () => {
    expect(await decode(encoding, [])).toEqual({ out: Buffer.alloc(0), whole: true });
  });
});

test.each(['gzip', 'deflate', 'br', 'zstd'])('what is not %s ends it as not whole', async (encoding) => {
  const junk = Buffer.from('{"this":"is not compressed at all, whatever the header says"}'.repeat(20));
  expect(await decode(encoding, dice.cut(junk, 100))).toMatchObject({ whole: false });
});

test('without a coding the sink is its own decoder', () => {
  const sink = { chunk() {}, end() {} };
  for (const encoding of [null, '', 'identity', 'Identity']) expect(decoder(encoding, sink)).toBe(sink);
});

test.each(['compress', 'gzip, compress', 'gzip, gzip, gzip, gzip'])('%j is not known', (encoding) => {
  expect(decoder(encoding, { chunk() {}, end() {} })).toBeUndefined();
});

test('more than may wait for the decoder ends it as not whole', async () => {
  // Noise that repeats beyond the reach of gzip's window does not shrink.
  const megabyte = Buffer.alloc(1024 * 1024, dice.bytes(40_000));
  const coded = (megabytes: number) =>
    gzipSync(Buffer.concat(Array.from({ length: megabytes }, () => megabyte)));
  expect(await decode('gzip', dice.cut(coded(3), 65_536))).toMatchObject({ whole: true });
  expect(await decode('gzip', dice.cut(coded(6), 65_536))).toMatchObject({ whole: false });
});
