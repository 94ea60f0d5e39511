import type { Dice } from '../support/random.ts';

/** A JSON value as a tree: numbers as they are written, members of one key as many as there are. */
export type Tree =
  | { readonly kind: 'word'; text: string }
  | { readonly kind: 'string'; value: string }
  | { readonly kind: 'array'; readonly items: Tree[] }
  | { readonly kind: 'object'; readonly members: [key: string, value: Tree][] };

export type ObjectTree = Tree & { kind: 'object' };

const words = [
  'true',
  'false',
  'null',
  '0',
  '-0',
  '1',
  '1.0',
  '1e0',
  '1E+5',
  '-12.50e-3',
  '9007199254740992',
  '9007199254740993',
  '123456789012345678901234567890',
  '1e400',
  '0.1',
];
const strings = [
  '',
  'a',
  'A',
  'hello, world',
  'a/b',
  '"',
  '\\',
  '\\u0041',
  '\n\r\t\b\f\0\u001f\u007f',
  '中文',
  '😀',
  '\ud83d',
  '\ude00x',
  '\u2028',
  '{"caching":true}',
  ',"caching":false',
  '\\"caching',
  'x'.repeat(70),
  'y'.repeat(40) + '\\"'.repeat(20),
];
const keys = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'user',
  'metadata',
  'a',
  'b',
  'B',
  '',
  '1',
  '10',
  '2',
  '__proto__',
  'constructor',
  'toString',
  'é',
  '😀',
  '\uffff',
  'a"b',
  'a\\b',
  'caching_',
  'k'.repeat(60),
];

export function randomObject(dice: Dice, depth = 4): ObjectTree {
  const length = dice.chance(0.05) ? dice.int(17, 40) : dice.int(0, 6);
  return {
    kind: 'object',
    members: Array.from({ length }, () => [
      dice.chance(0.1) ? dice.pick(strings) : dice.pick(keys),
      randomTree(dice, depth - 1),
    ]),
  };
}

export function randomTree(dice: Dice, depth: number): Tree {
  const kind = dice.int(0, depth > 0 ? 5 : 3);
  if (kind < 2) return { kind: 'word', text: dice.pick(words) };
  if (kind < 4) return { kind: 'string', value: dice.pick(strings) };
  if (kind === 5) return randomObject(dice, depth);
  return { kind: 'array', items: Array.from({ length: dice.int(0, 5) }, () => randomTree(dice, depth - 1)) };
}

/** One of the many texts of a tree: members in any order, white space anywhere, any escapes. */
export function written(tree: Tree, dice: Dice): string {
  const gap = () => (dice.chance(0.7) ? '' : dice.pick([' ', '\n  ', '\t', '\r\n', '    ']));
  if (tree.kind === 'word') return tree.text;
  if (tree.kind === 'string') return escaped(tree.value, dice);
  const parts =
    tree.kind === 'array'
      ? tree.items.map((item) => written(item, dice))
      : shuffled(tree.members, dice).map(
          ([key, value]) => `${escaped(key, dice)}${gap()}:${gap()}${written(value, dice)}`,
        );
  const inner = parts.map((part) => `${gap()}${part}${gap()}`).join(',') || gap();
  return tree.kind === 'array' ? `[${inner}]` : `{${inner}}`;
}

/** In any order, but members of one key stay in theirs. */
function shuffled(members: ObjectTree['members'], dice: Dice): ObjectTree['members'] {
  const order = members.map((member) => ({ member, by: dice.int(0, 1e9) })).toSorted((a, b) => a.by - b.by);
  const waiting = Map.groupBy(members, ([key]) => key);
  return order.map(({ member: [key] }) => waiting.get(key)!.shift()!);
}

const short: Record<string, string> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '/': '\\/',
};

/** A string with some of its characters escaped, and those that must be. */
export function escaped(text: string, dice: Dice): string {
  const often = dice.pick([0, 0, 0.3, 1]);
  const units = Array.from({ length: text.length }, (_, at) => {
    const unit = text[at]!;
    const code = text.charCodeAt(at);
    const hex = code.toString(16).padStart(4, '0');
    const long = `\\u${dice.chance(0.5) ? hex : hex.toUpperCase()}`;
    if (code >= 0xd800 && code <= 0xdfff) return code;
    if (unit === '"' || unit === '\\') return dice.chance(0.7) ? `\\${unit}` : long;
    if (code < 0x20) return short[unit] && dice.chance(0.7) ? short[unit] : long;
    if (!dice.chance(often)) return unit;
    return short[unit] && dice.chance(0.5) ? short[unit] : long;
  });
  return `"${joinSurrogates(units, often, dice)}"`;
}

/** A pair may stand for itself or be escaped whole; one alone can't be written in UTF-8. */
function joinSurrogates(units: (string | number)[], often: number, dice: Dice): string {
  let out = '';
  for (let at = 0; at < units.length; at++) {
    const [unit, next] = [units[at]!, units[at + 1]];
    if (typeof unit === 'string') out += unit;
    else if (unit < 0xdc00 && typeof next === 'number' && next >= 0xdc00 && !dice.chance(often)) {
      out += String.fromCharCode(unit, next);
      at++;
    } else out += `\\u${unit.toString(16)}`;
  }
  return `${out}`;
}
