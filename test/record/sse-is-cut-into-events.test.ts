import { describe, expect, test } from 'bun:test';
import { eventData, EventSplitter, MAX_EVENT } from '../../src/openai/sse.ts';
import { Dice } from '../support/random.ts';

/** The pieces, and what was left over behind them. */
function split(reads: Iterable<Uint8Array>) {
  const splitter = new EventSplitter();
  const events: string[] = [];
  for (const read of reads) {
    // A read of its own memory, gone afterwards: what the splitter holds must be a copy.
    const own = Buffer.from(read);
    splitter.feed(own, (event) => events.push(Buffer.from(event).toString('latin1')));
    own.fill(0);
  }
  return { events, rest: Buffer.from(splitter.rest() ?? []).toString('latin1') };
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const bytewise = (bytes: Uint8Array) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
const bom = '\xef\xbb\xbf';

test.each<[string, string[], string]>([
  ['data: a\n\ndata: b\n\n', ['data: a\n\n', 'data: b\n\n'], ''],
  ['data: a\r\n\r\ndata: b\r\n\r\n', ['data: a\r\n\r\n', 'data: b\r\n\r\n'], ''],
  ['data: a\r\rdata: b\r\r', ['data: a\r\r', 'data: b\r\r'], ''],
  ['data: a\n\r\ndata: b\r\n\n', ['data: a\n\r\n', 'data: b\r\n\n'], ''],
  ['data: a\r\n\rdata: b\n\n', ['data: a\r\n\r', 'data: b\n\n'], ''],
  // With CR alone as the line end nothing can be waited for: the LF is no line, and no event either.
  ['data: a\r\r\ndata: b\n\n', ['data: a\r\r', '\ndata: b\n\n'], ''],
  ['event: x\nid: 1\ndata: a\ndata: b\n\n', ['event: x\nid: 1\ndata: a\ndata: b\n\n'], ''],
  [': ping\n\n: pong\n\n', [': ping\n\n', ': pong\n\n'], ''],
  ['data: a\n\n\n\n\ndata: b\n\n', ['data: a\n\n', '\n\n\ndata: b\n\n'], ''],
  ['\r\n\r\ndata: a\r\n\r\n\r\n', ['\r\n\r\ndata: a\r\n\r\n'], '\r\n'],
  [`${bom}data: a\n\n`, [`${bom}data: a\n\n`], ''],
  [`${bom}\n\ndata: a\n\n`, [`${bom}\n\ndata: a\n\n`], ''],
  [`\xef\xbb\n\ndata: a\n\n`, ['\xef\xbb\n\n', 'data: a\n\n'], ''],
  ['data: a\n\ndata: cut', ['data: a\n\n'], 'data: cut'],
  ['data: a\r\n\r', [], 'data: a\r\n\r'],
  ['data: a\n', [], 'data: a\n'],
  ['', [], ''],
])('%j', (text, events, rest) => {
  const bytes = latin1(text);
  const dice = new Dice(4);
  for (const reads of [
    [bytes],
    bytewise(bytes),
    dice.cut(bytes, 3),
    dice.cut(bytes, 8),
    [bytes, latin1('')],
  ]) {
    expect(split(reads)).toEqual({ events, rest });
  }
});

test('however random bytes are cut, the pieces are the same and nothing is lost', () => {
  const dice = new Dice(20_261_124);
  for (let round = 0; round < 3000; round++) {
    const parts = Array.from({ length: dice.int(0, 30) }, () =>
      dice.pick(['\r', '\n', '\r\n', 'data: x', ':', 'd', bom, '\xef', '\0', '\n\n', '\r\n\r\n']),
    );
    const bytes = latin1(parts.join(''));
    const whole = split([bytes]);
    expect(whole.events.join('') + whole.rest).toBe(bytes.toString('latin1'));
    expect(whole.events).not.toContain('');
    expect(split(bytewise(bytes))).toEqual(whole);
    expect(split(dice.cut(bytes, 5))).toEqual(whole);
  }
});

describe('an event that is too long', () => {
  const long = Buffer.from(`data: ${'x'.repeat(2.5 * MAX_EVENT)}\n\ndata: a\n\n`);

  test('leaves in pieces, and the next one is whole', () => {
    for (const reads of [[long], new Dice(5).cut(long, 100_000)]) {
      const { events, rest } = split(reads);
      expect(events.map((event) => event.length)).toEqual([
        MAX_EVENT,
        MAX_EVENT,
        MAX_EVENT / 2 + 8,
        'data: a\n\n'.length,
      ]);
      expect(events.join('') + rest).toBe(long.toString('latin1'));
    }
  });

  test('without an end is never held beyond that length', () => {
    const splitter = new EventSplitter();
    const read = new Uint8Array(64 * 1024).fill(120);
    let out = 0;
    for (let fed = read.length; fed <= 8 * MAX_EVENT; fed += read.length) {
      splitter.feed(read, (piece) => (out += piece.length));
      expect(fed - out).toBeLessThan(MAX_EVENT);
    }
  });

  test.each([1, 2, 3])('keeps its end when the piece is full %d bytes before it', (before) => {
    const text = `${'data: '.padEnd(MAX_EVENT - 4 + before, 'x')}\r\n\r\ndata: a\n\n`;
    const expected = [text.slice(0, MAX_EVENT), text.slice(MAX_EVENT, MAX_EVENT + before), 'data: a\n\n'];
    expect(split([latin1(text)])).toEqual({ events: expected, rest: '' });
    expect(split(new Dice(6).cut(latin1(text), 100_000))).toEqual({ events: expected, rest: '' });
  });
});

test('comment lines that are whole can be taken before their event ends', () => {
  const splitter = new EventSplitter();
  const events: string[] = [];
  const feed = (text: string): string | undefined => {
    splitter.feed(Buffer.from(text), (event) => events.push(Buffer.from(event).toString()));
    const comments = splitter.comments();
    return comments && Buffer.from(comments).toString();
  };
  expect(feed(': pi')).toBeUndefined();
  expect(feed('ng\r')).toBe(': ping\r');
  expect(feed('\n')).toBeUndefined();
  expect(feed(': a\n: b\n')).toBe('\n: a\n: b\n');
  expect(feed(': a\ndata: b\n')).toBeUndefined();
  expect(feed('\n: c\n\n')).toBeUndefined();
  expect(events).toEqual([': a\ndata: b\n\n', ': c\n\n']);
  expect(splitter.rest()).toBeUndefined();
});

test.each<[string, string | undefined]>([
  ['data: a\n\n', 'a'],
  ['data:a\r\n\r\n', 'a'],
  ['data:  a \r\r', ' a '],
  ['data: [DONE]\n\n', '[DONE]'],
  ['event: x\ndata: {\nid: 1\ndata: }\n\n', '{\n}'],
  ['data\n\n', ''],
  ['data:\n\n', ''],
  ['data: \ndata\n\n', '\n'],
  ['\n\r\ndata: a\n\n', 'a'],
  ['\ufeffdata: 中\ufeff\n\n', '中\ufeff'],
  ['data: cut', 'cut'],
  [': data: a\n\n', undefined],
  ['database: a\n\n', undefined],
  ['dat: a\n\n', undefined],
  ['retry: 3000\n\n', undefined],
  ['\n', undefined],
  ['', undefined],
])('the data of %j is %j', (event, data) => {
  expect(eventData(Buffer.from(event))).toBe(data);
});
