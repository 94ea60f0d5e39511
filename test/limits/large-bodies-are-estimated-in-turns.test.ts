import { expect, test } from 'bun:test';
import { estimateTokens } from '../../src/openai/usage/estimate.ts';
import { scanTokens } from '../../src/openai/usage/scan.ts';
import { Dice } from '../support/random.ts';

const names = ['max_tokens', 'maxOutputTokens', 'n', 'options', 'generationConfig', 'tools', 'messages', 'x'];

test('the scan finds the same maximum as the parser, in 3,000 random bodies', async () => {
  const dice = new Dice(11);
  const value = (depth: number): unknown => {
    const kind = dice.int(0, depth > 4 ? 5 : 7);
    if (kind < 6)
      return [dice.int(-2, 900), `${dice.int(0, 900)}`, 1.5, null, true, 'a "quoted\\" {word}: 7'][kind];
    const size = dice.int(0, 4);
    if (kind === 6) return Array.from({ length: size }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: size }, () => [dice.pick(names), value(depth + 1)]));
  };
  let some = 0;
  for (let i = 0; i < 3000; i++) {
    const body = Object.fromEntries(Array.from({ length: 4 }, () => [dice.pick(names), value(1)]));
    const written = JSON.stringify(body, null, dice.pick([0, 2]));
    const { completion } = estimateTokens(body);
    expect([written, (await scanTokens(Buffer.from(written))).completion]).toEqual([written, completion]);
    if (completion > 0) some++;
  }
  expect(some).toBeGreaterThan(500);
});

test('text, ids of tokens and media count as a parser counts them, nearly', async () => {
  const bodies = [
    { messages: [{ role: 'user', content: 'word '.repeat(50_000) }] },
    { input: Array.from({ length: 50_000 }, (_, i) => i) },
    {
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'A'.repeat(500_000) } }] }],
    },
  ];
  for (const body of bodies) {
    const { prompt } = await scanTokens(Buffer.from(JSON.stringify(body)));
    const parsed = estimateTokens(body).prompt;
    expect(prompt).toBeWithin(parsed * 0.95 - 10, parsed * 1.05 + 10);
  }
});

test.each([
  ['brackets', '{"messages":' + '['.repeat(4_000_000)],
  ['names', `{${Array.from({ length: 400_000 }, (_, i) => `"a${i}":0`).join()}`],
  ['escaped quotes', `{"a":"${'\\"'.repeat(2_000_000)}`],
  ['empty strings', `["${'","'.repeat(2_000_000)}`],
  ['white space', ' '.repeat(8_000_000)],
  ['digits', '1'.repeat(8_000_000)],
])('megabytes of %s leave turns to others', async (_, text) => {
  let turns = 0;
  let next = setImmediate(function count() {
    turns++;
    next = setImmediate(count);
  });
  await scanTokens(Buffer.from(text));
  clearImmediate(next);
  // No turn takes more than 50,000 steps.
  expect(turns).toBeGreaterThanOrEqual(3);
});
