import { expect, test } from 'bun:test';
import { accessLine } from '../../src/record/access/access-line.ts';
import { lineStarter } from '../../src/record/chatlog/lines.ts';
import { BoundedNames } from '../../src/record/metrics/names.ts';
import { SafeLines } from '../../src/record/print/print-lines.ts';
import { shownName } from '../../src/cli/stats/text.ts';
import { csvLines } from '../../src/cli/stats/rows.ts';
import { escapedLine, safeJson, safeLine, safeText } from '../../src/text/terminal.ts';
import { happening } from '../logfile/printer.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const harmful = [
  ...range(0, 8),
  ...range(0x0b, 0x1f),
  ...range(0x7f, 0x9f),
  0x061c,
  0x200e,
  0x200f,
  ...range(0x2028, 0x202e),
  ...range(0x2066, 0x2069),
  0xfeff,
  0xd83d,
  0xde00,
].map((code) => String.fromCharCode(code));
const raw = new RegExp(
  `[${harmful.map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}]`,
  'u',
);
// Between letters, so that two halves of a character do not meet.
const hostile = harmful.map((character) => `a${character}`).join('');

/** Every way of such text to a terminal or a log. */
const ways: Record<string, (text: string) => string> = {
  escapedLine,
  safeText,
  safeLine,
  'safeJson, one line': safeJson,
  'safeJson, indented': (text) => safeJson({ [text]: text }, 2),
  'the access log': (text) => accessLine({ ...happening(text, {}, '', ''), path: text, model: text }, 'text'),
  'the access log as JSON': (text) =>
    accessLine({ ...happening(text, {}, '', ''), path: text, model: text }, 'json'),
  'the chat log': (text) =>
    lineStarter('python', (same) => same)()
      .add('a', { [text]: text })
      .finish(),
  'the chat log as JSON': (text) =>
    lineStarter('jsonl', (same) => same)()
      .add('a', { [text]: text })
      .finish(),
  'aifd stats and top': (text) => shownName(text, 'model'),
  'aifd stats --csv': (text) => csvLines([{ model: text }], ['model']).join('\n'),
  'metrics, as labels': (text) => new BoundedNames(9).label(text, true),
  'printed conversations': (text) => {
    const lines: string[] = [];
    const into = new SafeLines((line) => lines.push(line));
    into.chunk(text);
    into.end();
    return lines.join('\n');
  },
};

test.each(Object.keys(ways))('%s', (way) => {
  for (const text of [hostile, ...harmful.map((character) => `a${character}b`)])
    expect(ways[way]!(text).replace(/\n$/, '')).not.toMatch(raw);
});

test('nothing else is changed', () => {
  const harmless = 'ASCII ~ äöü 漢字 हिन्दी עברית 👩‍👩‍👧 e\u0301';
  expect([
    escapedLine(harmless),
    safeText(`${harmless}\n\t`),
    safeLine(` ${harmless}\n\n${harmless}`),
  ]).toEqual([harmless, `${harmless}\n\t`, ` ${harmless} ${harmless}`]);
});

test('what is escaped in JSON is still the same JSON', () => {
  expect(JSON.parse(safeJson({ [hostile]: [hostile] }, 2))).toEqual({ [hostile]: [hostile] });
});
