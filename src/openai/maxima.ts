/** What a request body says of the length and number of its answers, in the words of the APIs and servers there are. */

export type Fields = Readonly<Record<string, unknown>>;

/** What a name stands for: a maximum of tokens, the number of answers, an object that holds such options, or nothing. */
type Kind = 'maximum' | 'choices' | 'nest' | undefined;

/** In lower case and without marks: Go's servers match names in any case. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...'maxtokens maxcompletiontokens maxoutputtokens maxnewtokens maxtokenstosample maxlength numpredict npredict'
    .split(' ')
    .map((name) => [name, 'maximum'] as const),
  // `best_of` are made, and the best `n` of them given.
  ...'n bestof numreturnsequences candidatecount numgenerations'
    .split(' ')
    .map((name) => [name, 'choices'] as const),
  // Gemini's, Ollama's, TGI's, Bedrock's, OpenAI's SDK's, and that of Realtime's events.
  ...'generationconfig options parameters inferenceconfig extrabody config response'
    .split(' ')
    .map((name) => [name, 'nest'] as const),
]);

/** Names as they were written: bodies have the same few. */
const known = new Map<string, Kind>();
const MOST_KNOWN = 1000;

/** What a name of a body stands for, whatever its case and marks. */
export function kindOf(name: string): Kind {
  if (known.has(name)) return known.get(name);
  const kind = kinds.get(name.replace(/[_-]/g, '').toLowerCase());
  if (known.size >= MOST_KNOWN) known.clear();
  if (name.length < LONGEST_NAME) known.set(name, kind);
  return kind;
}

/** Where names are counted in a nest of a nest, it ends. */
const DEEPEST = 3;

/**
 * The largest maximum of tokens and number of answers that a body names: of several, an upstream may know only one.
 * @returns `most` 0 where no maximum is named
 */
export function maximaIn(body: Fields, depth = 1): { most: number; choices: number } {
  const found = { most: 0, choices: 1 };
  for (const name in body) {
    const kind = kindOf(name);
    if (kind === undefined) continue;
    const held = body[name];
    if (kind === 'maximum') found.most = Math.max(found.most, numberIn(held));
    else if (kind === 'choices') found.choices = Math.max(found.choices, numberIn(held));
    else if (depth < DEEPEST && isFields(held)) {
      const inner = maximaIn(held, depth + 1);
      found.most = Math.max(found.most, inner.most);
      found.choices = Math.max(found.choices, inner.choices);
    }
  }
  return found;
}

/** A number over 0, also one in a string as some servers take it; else 0. LocalAI takes -1 for "no maximum". */
export function numberIn(value: unknown): number {
  const given = typeof value === 'string' ? Number(value) : value;
  return typeof given === 'number' && given > 0 ? given : 0;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a text in JSON may name a maximum twice. Two native searches: the usual body has one. */
export function mayRepeatMaximum(text: string): boolean {
  const first = text.indexOf('"max');
  return first >= 0 && text.lastIndexOf('"max') > first;
}

/** Places that are looked at: a text may be made of nothing else. */
const MOST_PLACES = 1000;
const LONGEST_NAME = 32;

/**
 * The largest number that a text gives to a name of a maximum, wherever it stands: for what JSON.parse does not read as
 * an upstream may (`NaN`, a comma too many, a name that is there twice). 0 where there is none.
 */
export function largestMaximum(text: string): number {
  let largest = 0;
  let at = text.indexOf('okens');
  for (let left = MOST_PLACES; left > 0 && at >= 0; left--) {
    const value = valueAt(text, at + 'okens'.length);
    if (value > largest && /max[a-z_]*$/i.test(text.slice(Math.max(0, at - LONGEST_NAME), at)))
      largest = value;
    at = text.indexOf('okens', at + 1);
  }
  return Math.min(Math.ceil(largest), Number.MAX_SAFE_INTEGER);
}

const value = /["']?\s{0,99}[:=]\s{0,99}["']?(\d{1,400}(?:\.\d{0,400})?(?:e\+?\d{1,4})?)/iy;

function valueAt(text: string, at: number): number {
  value.lastIndex = at;
  return numberIn(value.exec(text)?.[1]);
}
