import { expect, test } from 'bun:test';
import type { Entry } from '../../src/store/entries/store.ts';
import { Dice } from '../support/random.ts';
import { entryWith, keyOf, readAll, recordingOf, text } from './support.ts';

const events = [['content-type', 'text/event-stream; charset=utf-8']] as const;
const json = [['content-type', 'application/json']] as const;

async function through(entry: Entry): Promise<{ entry: Entry; file: string }> {
  const file = await recordingOf([{ key: keyOf(1), entry }]);
  for (const line of file.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  const [recorded] = await readAll(file);
  return { entry: recorded!.entry, file };
}

const bodies: [what: string, body: string | Uint8Array][] = [
  ['nothing', ''],
  ['numbers as they were written', '{"a":1.0,"b":12345678901234567890,"c":-0.0,"d":1E400,"e":1e2}'],
  ['a name twice and names that are numbers', '{"b":1,"2":1,"1":2,"b":3,"__proto__":4}'],
  ['escapes as they were written', String.raw`{"a":"\u00e9\/\ud800 \"\\","\\":"\\\\\""}`],
  ['indented by 2', JSON.stringify({ a: [1, { b: [] }], c: {} }, undefined, 2)],
  ['indented by 4, with a newline', `${JSON.stringify({ a: [[1], 'x'] }, undefined, 4)}\n`],
  ['as Python writes it', '{"a": [1, 2, {"b": "c, d: e"}], "f": 1.0}'],
  ['white space anywhere', '{ "a" :1,\n"b":\t[ 1,2 ] }\r\n'],
  ['a word', 'null'],
  ['an empty line', '\n'],
  ['a text', 'Hello,\r\nworld\u0000\u2028\ufeff'],
  ['a mark at the beginning', '\ufeff{"a":1}'],
  ['cut JSON', '{"a":'],
  ['no UTF-8', new Uint8Array([0xff, 0xfe, 0, 0x80, 0xed, 0xa0, 0x80])],
  ['deeply nested', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['events', 'data: {"a":1.0}\n\ndata: {"b": 2}\n\n\n: comment\n\ndata: [DONE]\n\n'],
  ['events with CRLF, the last cut', 'data: {"a":1}\r\n\r\nevent: x\r\ndata: {}\r\n\r\ndata: {"c'],
  ['events with CR', 'data: {"a":1}\r\rdata: 2\r\r'],
];

for (const headers of [json, events]) {
  test.each(bodies)(`%s as ${headers[0][1]}`, async (_what, body) => {
    const entry = entryWith({ headers, body, request: typeof body === 'string' ? body : '' });
    const { entry: back } = await through(entry);
    expect(back).toEqual({ ...entry, request: Buffer.from(entry.request), body: Buffer.from(entry.body) });
  });
}

test('compact JSON stands as JSON, each event for itself, and an entry is one line', async () => {
  const { file } = await through(entryWith({ body: '{"data":[{"embedding":[0.1,-2]}]}' }));
  expect(file).toContain('"answer":{"json":{"data":[{"embedding":[0.1,-2]}]}}');
  expect(file.split('\n')).toHaveLength(4);
  const streamed = await through(
    entryWith({ headers: events, body: 'data: {"x":{"y":"z"}}\n\ndata: [DONE]\n\n' }),
  );
  expect(streamed.file).toContain('"answer":{"events":[{"x":{"y":"z"}},"data: [DONE]\\n\\n"]}');
});

/** JSON with what breaks naive readers, in one of many layouts. */
function randomJson(dice: Dice, depth = 0): string {
  const space = dice.chance(0.1) ? dice.pick([' ', '\n', '\t', '  ']) : '';
  const kind = dice.int(0, depth > 4 ? 3 : 5);
  if (kind === 0)
    return space + dice.pick(['1.0', '-0', '1e5', '98765432109876543210', '0.10', 'true', 'null']);
  if (kind <= 3) return space + randomString(dice);
  const items = Array.from({ length: dice.int(0, 4) }, () => {
    const name = kind === 4 ? `${randomString(dice)}${space}:` : '';
    return name + randomJson(dice, depth + 1);
  });
  return kind === 4 ? `{${items.join(',')}${space}}` : `[${items.join(`${space},`)}]`;
}

function randomString(dice: Dice): string {
  const piece = () =>
    dice.pick(['a', '\\"', '\\\\', '{', ']', ',', ':', '\\u0041', '\\ud83d', 'é', '😀', ' ', '//']);
  return `"${Array.from({ length: dice.int(0, 6) }, piece).join('')}"`;
}

function randomBody(dice: Dice): string | Uint8Array {
  const value = randomJson(dice);
  const kind = dice.int(0, 5);
  if (kind === 0) return dice.bytes(dice.int(0, 60));
  if (kind === 1) return JSON.stringify(JSON.parse(value), undefined, dice.pick([0, 1, 2, 3, 4, '\t']));
  if (kind === 2) return value;
  if (kind === 3) return value.slice(0, dice.int(0, value.length));
  const line = () =>
    dice.pick(['data: ', 'data:', ': ', 'event: x\ndata: ', '']) +
    (dice.chance(0.7) ? randomJson(dice) : 'x');
  return Array.from(
    { length: dice.int(0, 6) },
    () => line() + dice.pick(['\n\n', '\r\n\r\n', '\r\r', '\n', '\n\n\n']),
  ).join('');
}

test('whatever the bodies, and wherever the reads are cut', async () => {
  const dice = new Dice(20_261_123);
  for (let round = 0; round < 1500; round++) {
    const entries = Array.from({ length: dice.int(0, 4) }, (_, index) => {
      const headers = dice.pick([json, events, [], [['x-a', 'b{"']] as const]);
      const about = {
        model: dice.pick(['', 'm"\\', 'é😀']),
        storedAt: dice.int(0, 2 ** 40),
        expiresAt: 0,
        keptUntil: 0,
      };
      const body = randomBody(dice);
      const request = randomBody(dice);
      const made = entryWith({ about, headers, body: typeof body === 'string' ? text(body) : body });
      return {
        key: keyOf(index),
        entry: { ...made, request: typeof request === 'string' ? text(request) : request },
      };
    });
    const file = await recordingOf(entries);
    const back = await readAll(file, dice.int(1, 300));
    const plain = (all: typeof entries) =>
      all.map(({ key, entry }) => ({ key, ...entry, request: [...entry.request], body: [...entry.body] }));
    expect(plain(back)).toEqual(plain(entries));
    expect(await recordingOf(back)).toBe(file);
  }
});
