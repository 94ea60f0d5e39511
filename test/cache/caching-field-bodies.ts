import type { Dice } from '../support/random.ts';
import { escaped, randomTree, written } from './canonical-documents.ts';

/** A body, and what is to become of it. */
export interface Body {
  readonly text: string;
  /** Without the field and its commas. */
  readonly cut: string;
  /** With spaces in their place. */
  readonly blank: string;
  /** The text of the last such member's value. */
  readonly last: string | undefined;
}

const values = ['true', 'false', 'null', '"true"', '1', '{"caching":true}', '[",", "}"]', '"\\"}"', '"\\\\"'];
const others = [
  'model',
  'cachin',
  'cachingx',
  'Caching',
  ' caching',
  'c"aching',
  '',
  '\\caching',
  'a'.repeat(43),
  'b'.repeat(90),
];

interface Part {
  readonly text: string;
  goes: boolean;
}

/** A random object with the field anywhere, several times, or not at all, and nested where it isn't the field. */
export function randomBody(dice: Dice): Body {
  const gap = () => (dice.chance(0.6) ? '' : dice.pick([' ', '\n', '\t\r\n', ' '.repeat(20)]));
  const parts: Part[] = [{ text: `${dice.pick(['', '', '\ufeff'])}${gap()}{${gap()}`, goes: false }];
  const count = dice.int(0, 5);
  let stays = false;
  let comma: Part | undefined;
  let last: string | undefined;
  for (let i = 0; i < count; i++) {
    const ours = dice.chance(0.35);
    const value = ours ? dice.pick(values) : other(dice);
    const key = escaped(ours ? 'caching' : dice.pick(others), dice);
    parts.push({ text: `${key}${gap()}:${gap()}${value}`, goes: ours });
    if (ours) last = value;
    // A member stays before it: the comma before it goes. None does: the one behind.
    if (ours && stays) comma!.goes = true;
    if (!ours) stays = true;
    parts.push({ text: gap(), goes: false });
    if (i === count - 1) break;
    comma = { text: ',', goes: !stays };
    parts.push(comma, { text: gap(), goes: false });
  }
  parts.push({ text: `}${gap()}`, goes: false });
  const text = (form: (part: Part) => string) => parts.map(form).join('');
  return {
    text: text((part) => part.text),
    cut: text((part) => (part.goes ? '' : part.text)),
    blank: text((part) => (part.goes ? ' '.repeat(Buffer.byteLength(part.text)) : part.text)),
    last,
  };
}

function other(dice: Dice): string {
  const nested = dice.pick([
    '{"caching":true}',
    '[{"caching":false},{}]',
    '"\\",\\"caching\\":true"',
    '"caching"',
  ]);
  return dice.chance(0.5) ? nested : written(randomTree(dice, 3), dice);
}
