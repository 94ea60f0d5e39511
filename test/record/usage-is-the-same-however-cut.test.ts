import { expect, test } from 'bun:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Dice } from '../support/random.ts';
import { DONE, chunk, json, read, sse, stream } from './usage.ts';
import type { Given } from './usage.ts';

const dice = new Dice(42);
const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
const words = ['a', ' hello', '中文', 'naïve 😀', '"quoted"\n', '\\', '{"usage":{', ''];

function randomStream(): string {
  const end = dice.pick(['\n\n', '\r\n\r\n', '\r\r']);
  const events = Array.from({ length: dice.int(0, 12) }, () => {
    const delta = dice.pick([
      { content: dice.pick(words) },
      { role: 'assistant', content: dice.pick(words) },
      { tool_calls: [{ index: 0, function: { arguments: dice.pick(words) } }] },
    ]);
    const more = dice.pick([{}, { usage: null }, { usage: dice.chance(0.2) ? usage : null }]);
    return `${dice.pick(['', ': ping\n', 'event: x\n'])}data: ${JSON.stringify(chunk(delta, more))}${end}`;
  });
  return sse(
    ...events,
    dice.pick([DONE, '', 'data: {"choices":[]', `data: {"usage":${JSON.stringify(usage)}}`]),
  );
}

function randomJson(): string {
  const content = Array.from({ length: dice.int(0, 9) }, () => dice.pick(words)).join('');
  const parts = { choices: [{ message: { role: 'assistant', content } }] };
  const more = dice.pick([{}, { usage }, { usage: null }, { x: { usage } }]);
  return JSON.stringify(dice.chance(0.5) ? { ...parts, ...more } : { ...more, ...parts });
}

async function holds(body: Buffer, given: Given): Promise<boolean> {
  const expected = await read([body], given);
  const bytewise = Array.from(body, (_, i) => body.subarray(i, i + 1));
  for (const pieces of [bytewise, dice.cut(body, 9), dice.cut(body, 300)]) {
    expect(await read(pieces, given)).toEqual(expected);
  }
  return expected.reported;
}

test('streams, whole or ended anywhere', async () => {
  let reported = 0;
  for (let round = 0; round < 150; round++) {
    const body = Buffer.from(randomStream());
    if (await holds(body, stream)) reported++;
    await holds(body.subarray(0, dice.int(0, body.length)), { ...stream, cut: true });
  }
  expect(reported).toBeGreaterThan(20);
  expect(reported).toBeLessThan(130);
});

test('JSON, whole or ended anywhere', async () => {
  let reported = 0;
  for (let round = 0; round < 200; round++) {
    const body = Buffer.from(randomJson());
    if (await holds(body, json)) reported++;
    await holds(body.subarray(0, dice.int(0, body.length)), { ...json, cut: true });
  }
  expect(reported).toBeGreaterThan(20);
  expect(reported).toBeLessThan(180);
});

test('JSON of every size around what is held', async () => {
  for (const size of [65_536, 1_048_576, 1_200_000]) {
    for (const off of [-60, -30, 0, 30]) {
      const text = JSON.stringify({ data: 'x'.repeat(size + off), usage });
      const body = Buffer.from(text);
      const expected = await read([body], json);
      expect(expected).toMatchObject({ reported: true, total: 8 });
      expect(await read(dice.cut(body, 70_000), json)).toEqual(expected);
      expect(await read(dice.cut(body, 3000), json)).toEqual(expected);
    }
  }
});

test('compressed streams', async () => {
  for (let round = 0; round < 20; round++) {
    const body = Buffer.from(randomStream());
    const expected = await read([body], stream);
    for (const [encoding, coded] of [
      ['gzip', gzipSync(body)],
      ['br', brotliCompressSync(body)],
    ] as const) {
      expect(await read(dice.cut(coded, 50), { ...stream, encoding })).toEqual(expected);
    }
  }
});
