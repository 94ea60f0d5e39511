/** What a terminal would obey, or what turns the order of text around; tabs and line feeds do no harm. */
// oxlint-disable-next-line no-control-regex
const harmful = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text of clients and models made harmless: what a terminal would obey is shown as `\u001b`. Lines stay lines. */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(harmful, escaped);
}

/** The same on one line: white space of any kind becomes one space. */
export function safeLine(text: string): string {
  return safeText(text.replace(/\s+/g, ' '));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
