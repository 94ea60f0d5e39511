/** What a request body says of the length and number of its answers, in the words of the APIs and servers there are. */

export type Fields = Readonly<Record<string, unknown>>;

/** Names of the maximum, in lower case and without marks: Go's servers match names in any case. */
export const maxima: ReadonlySet<string> = new Set([
  'maxtokens',
  'maxcompletiontokens',
  'maxoutputtokens',
  'maxnewtokens',
  'maxtokenstosample',
  'maxlength',
  'numpredict',
  'npredict',
]);

/** Names of the number of answers. `best_of` are made, and the best `n` of them given. */
export const choices: ReadonlySet<string> = new Set([
  'n',
  'bestof',
  'numreturnsequences',
  'candidatecount',
  'numgenerations',
]);

/** Objects within a body that hold such options: Gemini's, Ollama's, TGI's, Bedrock's, and Realtime's events. */
export const nests: ReadonlySet<string> = new Set([
  'generationconfig',
  'options',
  'parameters',
  'inferenceconfig',
  'extrabody',
  'config',
  'response',
]);

/** Where names are counted in a nest of a nest, it ends. */
const DEEPEST = 3;

/**
 * The largest maximum of tokens and number of answers that a body names: of several, an upstream may know only one.
 * @returns `most` 0 where no maximum is named
 */
export function maximaIn(body: Fields, depth = 1): { most: number; choices: number } {
  const found = { most: 0, choices: 1 };
  for (const name in body) {
    const plain = plainName(name);
    if (maxima.has(plain)) found.most = Math.max(found.most, numberIn(body[name]));
    else if (choices.has(plain)) found.choices = Math.max(found.choices, numberIn(body[name]));
    else if (nests.has(plain) && depth < DEEPEST && isFields(body[name])) {
      const inner = maximaIn(body[name], depth + 1);
      found.most = Math.max(found.most, inner.most);
      found.choices = Math.max(found.choices, inner.choices);
    }
  }
  return found;
}

/** A name as the sets above have it. */
export function plainName(name: string): string {
  return marked.test(name) ? name.replace(/[_-]/g, '').toLowerCase() : name;
}

const marked = /[_A-Z-]/;

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
const LONGEST_NAME = 24;

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
