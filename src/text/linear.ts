/** What is used of `re2js`: loaded by the first pattern, so that nobody else pays for it. */
interface Engine {
  compile(source: string): Compiled;
  translateRegExp(source: string): string;
}

interface Compiled {
  test(text: string): boolean;
  matcher(text: string): { find(): boolean; start(): number; end(): number };
}

/** Time that one pattern may take for one text. Milliseconds, and as many more for each MiB. */
const BUDGET_MS = 250;
const BUDGET_MS_PER_UNIT = 1000 / 2 ** 20;

/** Stands for a text whose matches could not all be found in time: to show it could show a secret. */
export const DROPPED = '[dropped: LOG_REDACT took too long]';

/**
 * An operator's pattern on texts of clients: it runs on RE2, whose time for one match grows with the text's length only. Finding
 * all matches can still take the square of it (`a.*b|a`), so there is a budget, too.
 *
 * @param pattern - its source and the flags `i`, `m`, `s`
 * @returns what replaces each match by `***`; a text that runs out of its budget becomes {@link DROPPED}
 * @throws Error for a pattern that RE2 does not have: lookahead, lookbehind, backreferences
 */
export function linearMask(pattern: RegExp): (text: string) => string {
  const compiled = compile(pattern);
  return (text) => (compiled.test(text) ? masked(compiled, text) : text);
}

function compile({ source, flags }: RegExp): Compiled {
  // oxlint-disable-next-line typescript/no-require-imports -- an import could not wait until it is needed
  const { RE2JS } = require('re2js') as { RE2JS: Engine };
  const kept = flags.replace(/[^ims]/g, '');
  // RE2 names scripts and categories without saying which they are.
  const named = source.replace(/\\([pP])\{(?:Script|sc|General_Category|gc)=/g, '\\$1{');
  const pure = RE2JS.translateRegExp(named);
  return RE2JS.compile(kept === '' ? pure : `(?${kept})${pure}`);
}

function masked(pattern: Compiled, text: string): string {
  const until = performance.now() + BUDGET_MS + text.length * BUDGET_MS_PER_UNIT;
  const matcher = pattern.matcher(text);
  let result = '';
  let from = 0;
  while (matcher.find()) {
    const start = matcher.start();
    const end = matcher.end();
    // An empty match hides nothing, and would fill the text with stars.
    if (end > start) {
      result += `${text.slice(from, start)}***`;
      from = end;
    }
    if (performance.now() > until) return DROPPED;
  }
  return result + text.slice(from);
}
