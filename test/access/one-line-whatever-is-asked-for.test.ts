import { expect, test } from 'bun:test';
import { shownUser } from '../../src/store/user-digest.ts';
import { accessLine } from '../../src/record/access/access-line.ts';
import { happeningWith } from '../metrics/happening.ts';
import { Dice } from '../support/random.ts';

const nasty = [
  'a\nb',
  'a\r\nb',
  '\u001b[2J',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u202egpj.exe',
  '\u2066',
  '"',
  '\\',
  '\\n',
  '',
  ' ',
  'a b',
  'x="y"',
  '\ud800',
  'ok\udc00',
  '\u0000',
  '\u007f',
  'GLM-4-中文',
  '🦊',
  'é'.repeat(9_000),
  '{"a":1}',
];

test('the line as text', () => {
  const line = accessLine(
    happeningWith({ cache: 'miss', attempts: 3, firstByteMs: 20, durationMs: 7.005 }),
    'text',
  );
  const key = shownUser(happeningWith({}).user).slice(2);
  expect(line).toBe(
    `2026-11-23T12:00:00.123Z req-1 192.0.2.7 ${key} POST /v1/chat/completions 200 whole 7.01ms ` +
      'first=20.00ms model=gpt-4o in=12 out=30 cache=miss retries=2\n',
  );
});

test('the line as JSON', () => {
  const refused = happeningWith({
    end: 'refused',
    status: 429,
    code: 'rate_limit_exceeded',
    attempts: 0,
    user: 'a:1.2.3.4',
    usage: undefined,
    firstByteMs: undefined,
    model: '',
  });
  expect(JSON.parse(accessLine(refused, 'json'))).toEqual({
    time: '2026-11-23T12:00:00.123Z',
    id: 'req-1',
    address: '192.0.2.7',
    key: '-',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 429,
    end: 'refused',
    duration_ms: 120.5,
    code: 'rate_limit_exceeded',
    retries: 0,
  });
});

test('nothing a client chooses makes a second line, steers a terminal, or ends a value', () => {
  const dice = new Dice(6);
  for (let i = 0; i < 3_000; i++) {
    const [id, path, model, method, address] = Array.from({ length: 5 }, () => dice.pick(nasty));
    const happening = happeningWith({ id, path, model, method, address });
    for (const format of ['text', 'json'] as const) {
      const line = accessLine(happening, format);
      expect(line.endsWith('\n')).toBe(true);
      const inside = line.slice(0, -1);
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      expect(inside).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      expect(inside.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(line)).toBeLessThan(20_000);
    }
    const said = JSON.parse(accessLine(happening, 'json'));
    if (path!.length < 500) expect(said.path).toBe(path);
    if (model !== '' && model!.length < 500) expect(said.model).toBe(model);
    // Quoted values are whole words: the status is where it belongs.
    const words = accessLine(happening, 'text').match(/"(?:[^"\\]|\\.)*"|[^ ]+/g)!;
    expect(words[6]).toBe('200');
  }
});

test.each([NaN, -1, Infinity, 0, 1e18, 0.004])('a time of %p leaves the line whole', (time) => {
  const happening = happeningWith({ durationMs: time, firstByteMs: time });
  expect(() => JSON.parse(accessLine(happening, 'json'))).not.toThrow();
  expect(accessLine(happening, 'text')).toMatch(/ whole \d+\.\d\dms first=\d+\.\d\dms /);
});

test('seconds that come back are written right', () => {
  for (const at of [999.9, 1000, 0, 61_007, 999]) {
    const line = accessLine(happeningWith({ at }), 'text');
    expect(line.split(' ')[0]).toBe(new Date(Math.floor(at)).toISOString());
  }
});

test('a count that is no number leaves the line whole', () => {
  const usage = { input: Infinity, output: NaN, cached: undefined, reasoning: undefined, reported: true };
  expect(JSON.parse(accessLine(happeningWith({ usage }), 'json'))).not.toContainKeys([
    'input_tokens',
    'output_tokens',
  ]);
});
