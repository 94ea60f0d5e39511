import { expect, test } from 'bun:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { delta, happening, printer, saidIn, streamOf, streamOfAll } from './printer.ts';

const codings: [encoding: string, encode: (body: Uint8Array) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['Deflate', deflateRawSync],
  ['gzip, br', (body) => brotliCompressSync(gzipSync(body))],
];

test.each(codings)('%s, streamed and plain: the same lines in the same order', async (encoding, encode) => {
  const { printer: chat, out } = printer();
  const stream = encode(streamOfAll([delta({ content: 'Hello\n' }), delta({ content: 'there' })]));
  const live = chat.answering({ ...streamOf('a', {}), encoding })!;
  for (let at = 0; at < stream.length; at += 7) live.chunk(stream.subarray(at, at + 7));
  chat.happened(happening('a', {}, 'text/event-stream', ''));
  const body = encode(Buffer.from(JSON.stringify({ choices: [{ message: { content: 'plain' } }] })));
  const answer = { contentType: 'application/json', encoding, body, whole: true };
  chat.happened(happening('b', {}, 'application/json', '', { answer }));
  await chat.close();
  expect(saidIn(out).toSorted()).toEqual(['a Hello', 'a there', 'b plain']);
  // What became of it comes last, though the decoder is slower than the answer.
  for (const id of ['a', 'b'])
    expect(out.findLast((line) => line.startsWith(id))).toBe(`${id} 200, 3 tokens in, 4 out, 1.2 s\n`);
});

test('one that was cut is printed as far as it came', async () => {
  const { printer: chat, out } = printer();
  const whole = gzipSync(streamOfAll(Array.from({ length: 9999 }, (_, i) => delta({ content: `${i}\n` }))));
  chat.answering({ ...streamOf('a', {}), encoding: 'gzip' })!.chunk(whole.subarray(0, whole.length / 2));
  chat.happened(happening('a', {}, 'text/event-stream', '', { end: 'cut' }));
  await chat.close();
  expect(saidIn(out).length).toBeGreaterThan(1000);
  expect(out.at(-1)).toBe('a 200, cut, 3 tokens in, 4 out, 1.2 s\n');
});

test('what can not be decoded is said, not left out in silence', async () => {
  const { printer: chat, out } = printer();
  expect(chat.answering({ ...streamOf('a', {}), encoding: 'strange' })).toBeUndefined();
  const answer = {
    contentType: 'text/event-stream',
    encoding: 'strange',
    body: Buffer.from('x'),
    whole: true,
  };
  chat.happened(happening('a', {}, 'text/event-stream', '', { answer }));
  await chat.close();
  expect(out.at(-1)).toBe('a 200, not shown: encoded as strange, 3 tokens in, 4 out, 1.2 s\n');
});

test('one that grows without end is cut', async () => {
  const { printer: chat, out } = printer();
  const bomb = gzipSync(
    streamOfAll([delta({ content: 'x'.repeat(300_000) })])
      .toString()
      .repeat(200),
  );
  chat.answering({ ...streamOf('a', {}), encoding: 'gzip' })!.chunk(bomb);
  chat.happened(happening('a', {}, 'text/event-stream', ''));
  await chat.close();
  expect(out.join('').length).toBeLessThan(20 * 1024 * 1024);
});
