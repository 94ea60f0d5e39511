import { expect, test } from 'bun:test';
import { mask } from '../../src/config/mask.ts';
import { redaction } from '../../src/record/chatlog/redact.ts';
import { Dice } from '../support/random.ts';
import { asBytes, chatAnswer, chatStream, happening, jsonAnswer, logged, streamAnswer } from './exchanges.ts';

const secret = 'sk-live-0123456789abcdefghij';
const own = 'key-of-the-house';

test('keys never come into a log, in either format, however they were cut into deltas', async () => {
  const request = asBytes({
    model: secret,
    messages: [{ role: 'user', content: `a ${own}, b`, [secret]: { [own]: [secret] } }],
  });
  const text = `say ${secret} or ${own}`;
  const stream = chatStream([{ role: 'assistant' }, ...text.split('').map((content) => ({ content }))]);
  for (const format of ['python', 'jsonl'] as const) {
    const files = await logged(
      [
        happening({ request, answer: streamAnswer(stream) }),
        happening({ request, answer: jsonAnswer(chatAnswer({ content: text })) }),
        happening({ request: asBytes(text), status: 500, answer: jsonAnswer(text) }),
      ],
      { format, keys: [own] },
    );
    const all = Object.values(files).join('');
    expect(all).not.toContain(secret);
    expect(all).not.toContain(own);
    expect(all).toContain('sk-…ghij');
    expect(all).toContain('key…ouse');
  }
});

test('patterns of LOG_REDACT are masked, and words with hyphens are left', () => {
  const filter = redaction(['abc'], [/\d{4}-\d{4}/, /x*/, /NAME/i]);
  expect(filter('1234-5678 and 1111-2222 of name')).toBe('*** and *** of ***');
  expect(filter('a sk-learn-based-classification-model abc task-management-2024-09-01')).toBe(
    'a sk-learn-based-classification-model abc task-management-2024-09-01',
  );
});

test('a key that begins as another one does is masked whole', () => {
  const filter = redaction(['fk-team', 'fk-team-two-0123', 'fk-team-two'], []);
  expect(filter('fk-team-two-0123,fk-team-two,fk-team!')).toBe('fk-…0123,***,***!');
});

test('a pattern that fits our own fields leaves them: lines must still find one another', async () => {
  const request = asBytes({ model: 'm', messages: [{ role: 'user', content: 'a1b2c3 or 2026' }] });
  const exchange = happening({ request, answer: jsonAnswer(chatAnswer({ content: 'so 2027' })) });
  for (const format of ['python', 'jsonl'] as const) {
    const files = await logged([exchange, exchange], { format, redact: [/[0-9a-f]{4,}/i, /whole/] });
    const lines = Object.values(files).join('');
    const uids = Array.from(lines.matchAll(/uid['"]: ?['"](\w+)['"]/g), ([, uid]) => uid);
    expect(uids).toEqual([uids[0], uids[0], uids[2], uids[2]]);
    expect(uids[2]).not.toBe(uids[0]);
    expect(lines).toMatch(/datetime['"]: ?['"]\d{4}-\d\d-\d\d /);
    expect(lines).toMatch(/end['"]: ?['"]whole['"]/);
    for (const said of ['a1b2c3', '2027']) expect(lines).not.toContain(said);
  }
});

test('what looks like a key is masked without a digit too', () => {
  const masked = redaction([], []);
  expect(masked('use sk-proj-zzzzzzzzzzzzzzzzzzzzzzzz now')).not.toContain('zzzzzzzz');
  expect(masked('use sk-zzzzzzzzzzzzzzzzzzzzzzzz now')).not.toContain('zzzzzzzz');
});

test('what looks like a key is found as the expression says that it replaces', () => {
  // One that backtracks: fit for short texts only.
  const key = /(?<![A-Za-z0-9])[sf]k-(?:(?=[\w-]*\d)[\w-]{13,}|(?:\w{1,12}-){0,2}\w{20,})/g;
  const masked = redaction([], []);
  const dice = new Dice(20_261_127);
  const pieces = [
    'sk-',
    'fk-',
    '-',
    '_',
    '1',
    'a',
    ' ',
    'proj-',
    'é',
    'abcdefghijkl',
    'mnopqrstuvwxyzABCDEF',
  ];
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: dice.int(1, 12) }, () => dice.pick(pieces)).join('');
    expect({ text, masked: masked(text) }).toEqual({ text, masked: text.replace(key, mask) });
  }
});
