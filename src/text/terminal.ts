/**
 * Text of clients and upstreams that reaches a terminal or a log: the one rule for what is harmful in it. Harmful is what a terminal
 * obeys (C0 and C1 controls), what changes the order in which text is shown (U+061C, U+200E/F, U+202A–E, U+2066–9), what ends a
 * line (U+2028/9), what is not seen (U+FEFF), and half of a character.
 */
const others = '\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\p{Cs}';
const inLine = new RegExp(`[\\0-\\x1f${others}]`, 'gu');
const inText = new RegExp(`[\\0-\\x08\\x0b-\\x1f${others}]`, 'gu');

/** Whether {@link escapedLine} would change it. */
const harmful = new RegExp(inLine.source, 'u');

/** Shows each harmful character as `\u001b`: line feeds and tabs, too. In a JSON text that stays the same JSON. */
export function escapedLine(text: string): string {
  return harmful.test(text) ? text.replace(inLine, escaped) : text;
}

/** The same for a text of several lines: these and tabs stay. CRLF becomes LF. */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(inText, escaped);
}

/** The same on one line: white space of any kind becomes one space. */
export function safeLine(text: string): string {
  return safeText(text.replace(/\s+/g, ' '));
}

/** Without what is harmful: each such character becomes U+FFFD. For labels, where an escape would be read as one. */
export function cleanLine(text: string): string {
  return text.replace(inLine, '\ufffd');
}

/** A value as JSON that is safe to show. @param indent - spaces a level; 0 for one line */
export function safeJson(value: unknown, indent = 0): string {
  const json = JSON.stringify(value, undefined, indent);
  // Line feeds are of the layout: JSON has none in its texts.
  return indent === 0 ? escapedLine(json) : safeText(json);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
