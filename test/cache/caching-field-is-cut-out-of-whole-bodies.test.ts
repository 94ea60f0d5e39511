import { expect, test } from 'bun:test';
import { takeCaching, type TakenCaching } from '../../src/gateway/caching-field.ts';
import { Dice } from '../support/random.ts';
import { randomBody } from './caching-field-bodies.ts';

function take(text: string): [rest: string, caching: unknown] {
  const { bytes, caching } = takeCaching(new Uint8Array(Buffer.from(text))) as TakenCaching;
  return [Buffer.from(bytes).toString(), caching];
}

const cases: [body: string, rest: string, caching: unknown][] = [
  ['{"caching":true}', '{}', true],
  ['{"caching":false,"a":1}', '{"a":1}', false],
  ['{"a":1,"caching":false}', '{"a":1}', false],
  ['{"a":1, "caching" : true , "b":2}', '{"a":1  , "b":2}', true],
  ['{"caching":null,"a":1}', '{"a":1}', undefined],
  ['{"a":1,"caching":1}', '{"a":1}', 'invalid'],
  ['{"caching":"true"}', '{}', 'invalid'],
  ['{"caching":{"a":[1,"}"]},"b":1}', '{"b":1}', 'invalid'],
  ['{"caching":True}', '{}', 'invalid'],
  ['{"caching":true,"caching":false}', '{}', false],
  ['{"caching":"x","a":1,"caching":true}', '{"a":1}', true],
  ['{"caching":true,"caching":null}', '{}', undefined],
  ['{"caching":true,"caching"}', '{}', 'invalid'],
  ['{"c\\u0061ching":true,"a":1}', '{"a":1}', true],
  ['{"\\u0063\\u0061\\u0063\\u0068\\u0069\\u006E\\u0067":false}', '{}', false],
];

test.each(cases)('%s', (body, rest, caching) => {
  expect(take(body)).toEqual([rest, caching]);
});

const untouched = [
  '',
  '{}',
  '{"a":1}',
  'caching',
  '"caching"',
  '["caching",true]',
  '[{"caching":true}]',
  '{"messages":[{"caching":true}],"metadata":{"caching":true}}',
  '{"a":"\\",\\"caching\\":true"}',
  '{"a":"caching","caching_":true,"Caching":true,"\\\\caching":1}',
  '{"a":"\\u0063aching"}',
  'caching=true&a=1',
  "{'caching':true}",
  '{"a":[{"b":"}","caching":1}]}',
  '{"\\u006',
  '{"caching',
];

test.each(untouched)('%s stays the very same', (body) => {
  const bytes = new Uint8Array(Buffer.from(body));
  const taken = takeCaching(bytes) as TakenCaching;
  expect(taken.bytes).toBe(bytes);
  expect(taken.caching).toBeUndefined();
});

test('of random bodies all other bytes stay, in order', () => {
  const dice = new Dice(11);
  let had = 0;
  for (let round = 0; round < 6000; round++) {
    const { text, cut, last } = randomBody(dice);
    const before = Buffer.from(text);
    const [rest, caching] = take(text);
    if (rest !== cut) throw new Error(`${text}\n${rest}\n${cut}`);
    const said: Record<string, unknown> = { true: true, false: false, null: undefined };
    expect(caching).toBe(last === undefined || last in said ? said[last!] : 'invalid');
    expect(Buffer.from(text)).toEqual(before);
    expect(meaning(rest)).toEqual(meaning(text));
    if (last !== undefined) had++;
  }
  expect(had).toBeGreaterThan(2000);
});

/** What a server reads, but for the field. */
function meaning(text: string): unknown {
  const value = JSON.parse(text.replace(/^\ufeff/, '')) as Record<string, unknown>;
  delete value.caching;
  return value;
}

test('the bytes that came stay as they are', () => {
  const bytes = Buffer.from('{"caching":true,"a":1}');
  takeCaching(bytes);
  expect(bytes.toString()).toBe('{"caching":true,"a":1}');
});

test('bytes that are not UTF-8 stay beside it', () => {
  const odd = Buffer.from('ff00c0', 'hex');
  const body = Buffer.concat([Buffer.from('{"caching":true,"a":"'), odd, Buffer.from('"}')]);
  const rest = Buffer.concat([Buffer.from('{"a":"'), odd, Buffer.from('"}')]);
  expect(Buffer.from((takeCaching(body) as TakenCaching).bytes).equals(rest)).toBe(true);
});

test('what is broken is borne', () => {
  const dice = new Dice(12);
  const pieces = ['"', '\\', ',', ':', '{', '}', '[', ']', ' ', '\n', '\0', '"caching"', '\\u006', 'true'];
  for (let round = 0; round < 6000; round++) {
    const { text } = randomBody(dice);
    const at = dice.int(0, text.length);
    const broken = text.slice(0, at) + dice.pick(pieces) + text.slice(at + dice.int(0, 3));
    const [rest] = take(broken);
    expect(rest.length).toBeLessThanOrEqual(broken.length);
    if (isObject(broken)) expect(meaning(rest)).toEqual(meaning(broken));
    expect(take(broken.slice(0, at))[0].length).toBeLessThanOrEqual(at);
  }
});

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

test('a large body is searched in slices, and the same comes of it', async () => {
  const dice = new Dice(13);
  // Cut within strings, names and numbers alike.
  for (let round = 0; round < 20; round++) {
    const padding = 'x'.repeat(dice.int(130_900, 131_200));
    const { text, cut } = randomBody(dice);
    const wrap = (inner: string) => inner.replace('{', `{"pad":"${padding}",`);
    if (!text.trimStart().startsWith('{"')) continue;
    const taken = await takeCaching(Buffer.from(wrap(text)));
    expect(meaning(Buffer.from(taken.bytes).toString())).toEqual(meaning(wrap(cut)));
  }
});

test('a body with thousands of them is refused', async () => {
  expect(await takeCaching(Buffer.from(`{${'"caching":1,'.repeat(20_000)}"a":1}`))).toMatchObject({
    caching: 'invalid',
  });
});
