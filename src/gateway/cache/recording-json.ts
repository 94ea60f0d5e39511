/**
 * JSON as it was written: white space apart, no token is changed, so that 1.0, 12345678901234567890, "\u00e9" and a
 * name that is there twice come back as they were. `JSON.parse` and `JSON.stringify` would change each of them.
 */

/** How white space stands between tokens: `compact` none, `spaced` as Python's `json.dumps`, the others a line an item. */
export type Layout = (typeof layouts)[number];
export const layouts = ['compact', 'spaced', 'indent 2', 'indent 4'] as const;

const steps: Record<Layout, string> = { compact: '', spaced: '', 'indent 2': '  ', 'indent 4': '    ' };

/** Deeper than this nobody reads it, and indenting costs more than what is indented. */
const DEEPEST = 60;

const QUOTE = 34;
const BACKSLASH = 92;
const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;
const isEnd = (code: number): boolean => code === 44 || code === 93 || code === 125 || isSpace(code);

/**
 * JSON in another layout.
 *
 * @param json valid JSON
 * @param margin put before every line but the first; with it, arrays of numbers alone stay on one line
 * @returns undefined for what is nested too deep
 */
export function layOut(json: string, layout: Layout, margin?: string): string | undefined {
  const step = steps[layout];
  const [comma, colon] = layout === 'compact' ? [',', ':'] : [step === '' ? ', ' : ',', ': '];
  const newLine = (depth: number): string => (step === '' ? '' : `\n${margin ?? ''}${step.repeat(depth)}`);
  let out = '';
  let depth = 0;
  for (let i = 0; i < json.length;) {
    const code = json.charCodeAt(i);
    const char = json[i]!;
    if (isSpace(code)) i++;
    else if (char === '{' || char === '[') {
      const inLine = margin === undefined ? undefined : flatArray(json, i);
      const next = skipSpace(json, i + 1);
      if (inLine !== undefined) {
        out += inLine.text;
        i = inLine.end;
      } else if (json[next] === '}' || json[next] === ']') {
        out += char + json[next]!;
        i = next + 1;
      } else {
        if (++depth > DEEPEST) return undefined;
        out += char + newLine(depth);
        i++;
      }
    } else if (char === '}' || char === ']') {
      out += newLine(--depth) + char;
      i++;
    } else if (char === ',') {
      out += comma + newLine(depth);
      i++;
    } else if (char === ':') {
      out += colon;
      i++;
    } else {
      const end = skipValue(json, i);
      out += json.slice(i, end);
      i = end;
    }
  }
  return out;
}

/** An array of numbers and words: an embedding is no thousand lines. */
function flatArray(json: string, at: number): { text: string; end: number } | undefined {
  if (json[at] !== '[') return undefined;
  let i = at + 1;
  for (; json[i] !== ']'; i++) if (json[i] === '"' || json[i] === '[' || json[i] === '{') return undefined;
  const items = json.slice(at + 1, i).split(',');
  return { text: `[${items.map((item) => item.trim()).join(', ')}]`, end: i + 1 };
}

/** The layout in which `json` is written, if it is one of ours. @param json valid JSON */
export function layoutOf(json: string): Layout | undefined {
  return layouts.find((layout) => layOut(json, layout) === json);
}

/** Where the value that begins at `at` ends. @param json valid JSON */
export function skipValue(json: string, at: number): number {
  let depth = 0;
  let i = at;
  do {
    const code = json.charCodeAt(i);
    if (code === QUOTE) i = skipString(json, i);
    else if (code === 123 || code === 91) {
      depth++;
      i++;
    } else if (code === 125 || code === 93) {
      depth--;
      i++;
    } else if (depth > 0) i++;
    else while (i < json.length && !isEnd(json.charCodeAt(i))) i++;
  } while (depth > 0);
  return i;
}

function skipString(json: string, at: number): number {
  for (let i = at + 1; ;) {
    const end = json.indexOf('"', i);
    let before = end - 1;
    while (json.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end + 1;
    i = end + 1;
  }
}

function skipSpace(json: string, at: number): number {
  let i = at;
  while (isSpace(json.charCodeAt(i))) i++;
  return i;
}

/** The members of an object, their values as written. @param json one valid object */
export function* membersOf(json: string): Generator<[name: string, value: string]> {
  for (let i = skipSpace(json, skipSpace(json, 0) + 1); json[i] !== '}';) {
    const nameEnd = skipString(json, i);
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = skipValue(json, start);
    yield [JSON.parse(json.slice(i, nameEnd)) as string, json.slice(start, end)];
    i = skipSpace(json, end);
    if (json[i] === ',') i = skipSpace(json, i + 1);
  }
}

/** The items of an array, as written. @param json one valid array */
export function* itemsOf(json: string): Generator<string> {
  for (let i = skipSpace(json, skipSpace(json, 0) + 1); json[i] !== ']';) {
    const end = skipValue(json, i);
    yield json.slice(i, end);
    i = skipSpace(json, end);
    if (json[i] === ',') i = skipSpace(json, i + 1);
  }
}

/** Whether `text` is one JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
