import { expect, test } from 'bun:test';
import { Dice } from '../support/random.ts';
import { DONE, json, read, sse, stream } from './usage.ts';

const MIB = 1024 * 1024;
const usage = { input_tokens: 11, output_tokens: 22, total_tokens: 33 };
const expected = { input: 11, output: 22, total: 33, reported: true };
const dice = new Dice(11);

/** Bytes in reads of a socket. */
const reads = (text: string, most = 65_536) => dice.cut(Buffer.from(text), most);

const completed = (image: string): object => ({
  type: 'response.completed',
  response: { id: 'r', output: [{ type: 'image_generation_call', result: image }], usage },
});

test('of an event whose usage lies anywhere about a mebibyte', async () => {
  const at = sse(completed('')).indexOf('"usage"');
  for (let before = -80; before <= 80; before++) {
    const text = sse(completed('A'.repeat(MIB - at + before)), DONE);
    expect(await read([Buffer.from(text)], stream)).toMatchObject(expected);
  }
});

test.each([3 * MIB, 20 * MIB])('of an event of %d bytes', async (size) => {
  const image = 'A'.repeat(size);
  const first = { type: 'response.completed', response: { usage, output: [image] } };
  for (const text of [sse(completed(image)), sse(first), sse(first).trimEnd()])
    expect(await read(reads(text), stream)).toMatchObject(expected);
});

test('of long events with text that looks like usage', async () => {
  const odd = `\\"usage":{"input_tokens":5}}]},"`.repeat(MIB / 16);
  const text = sse(completed(odd), { type: 'x', item: { usage: { input_tokens: 5 } }, pad: odd });
  expect(await read(reads(text, 9000), stream)).toMatchObject(expected);
});

test.each([100_000, MIB - 30, MIB, 5 * MIB])(
  'of a JSON body of %d bytes, at its start or end',
  async (size) => {
    const data = Array.from({ length: 10 }, () => ({ b64_json: 'A\\"{['.repeat(size / 80) }));
    for (const body of [
      { usage, data },
      { data, usage },
      { data, usage, data2: data },
    ])
      expect(await read(reads(JSON.stringify(body)), json)).toMatchObject(expected);
    expect(await read(reads(JSON.stringify({ data, x: { usage } })), json)).toMatchObject({
      reported: false,
    });
  },
);

test('of numbers, nesting and odd text, however they are cut', async () => {
  const pad = { data: [{ embedding: Array.from({ length: 150_000 }, () => -0.0123) }], deep: '['.repeat(9) };
  const body = Buffer.from(JSON.stringify({ ...pad, a: { response: { usage: 1 } }, usage, z: [[{}]] }));
  expect(body.length).toBeGreaterThan(MIB);
  for (const most of [50, 4000, 300_000])
    expect(await read(dice.cut(body, most), json)).toMatchObject(expected);
});

test('of a long event that tells of an error', async () => {
  const event = {
    type: 'response.failed',
    response: { status: 'failed', output: ['A'.repeat(2 * MIB)], usage },
  };
  expect(await read(reads(sse(event)), stream)).toMatchObject({ ...expected, failed: true });
});
