import { existsSync, readFileSync, statSync } from 'node:fs';

/** Variables, by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a file of variables says. */
export interface EnvFile {
  readonly variables: Variables;
  /** What is not understood, to stand after the name of the file; never with a value, which may be a key. */
  readonly problems: readonly string[];
}

/**
 * Reads a file of `NAME=value` lines, such as `.env`, strictly: a line passed over might be the key that keeps
 * strangers out.
 *
 * @returns undefined when there is no such file
 */
export function readEnvFile(path: string): EnvFile | undefined {
  if (!existsSync(path)) return undefined;
  // One that nobody writes to would be waited for. Of a shell's own pipes (`<(…)`) somebody is at the other end.
  if (statSync(path).isFIFO() && !/^\/(?:dev\/fd|proc)\//.test(path))
    return { variables: {}, problems: ['is a pipe, and not a file'] };
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return { variables: {}, problems: ['cannot be read'] };
  }
  const text = decode(bytes);
  return text === undefined ? { variables: {}, problems: [encodingProblem(bytes)] } : parseEnvFile(text);
}

/** Without the byte order mark; undefined when it is not UTF-8, or has NUL bytes, as UTF-16 does. */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function encodingProblem(bytes: Uint8Array): string {
  const mark = `${bytes[0]},${bytes[1]}`;
  if (mark === '255,254' || mark === '254,255') return 'starts as UTF-16 does: save it as UTF-8';
  if (bytes.includes(0)) return 'has NUL bytes, most probably it is UTF-16: save it as UTF-8';
  return 'is not valid UTF-8 (UTF-16, or an older encoding of Windows?): save it as UTF-8';
}

const blank = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
const assignment = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=/y;
const quoted = /[ \t]*(?:"((?:\\[^]|[^"\\])*)"|'([^']*)'|`([^`]*)`)/y;
const opening = /[ \t]*(["'`])/y;
const line = /[^\n]*(?:\n|$)/y;

/**
 * Reads the text of such a file as shells and docker compose do: a `#` starts a comment after a space and not
 * inside a word (`parseEnv` of Node and Bun cuts keys short there). As in those two, quotes may go over several
 * lines, and `\n` and `\r` in double ones are line ends, other escapes themselves. `$NAME` is not expanded.
 *
 * @param text without a byte order mark
 */
export function parseEnvFile(text: string): EnvFile {
  const scanner = new Scanner(text.replace(/\r\n?/g, '\n'));
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  while (!scanner.isAtEnd) {
    if (scanner.take(blank)) continue;
    const start = scanner.at;
    const name = scanner.take(assignment)?.[1];
    const value = name === undefined ? { problem: notUnderstood(scanner.peek()) } : takeValue(scanner);
    if (typeof value === 'string') variables[name!] = value;
    else {
      problems.push(`line ${scanner.lineNumber(start)} ${value.problem}`);
      scanner.take(line);
    }
  }
  return { variables, problems };
}

function notUnderstood(character: string): string {
  return character === '\uFEFF'
    ? 'starts with a UTF-8 byte order mark (BOM)'
    : 'is not NAME=value, a comment or blank';
}

function takeValue(scanner: Scanner): string | { problem: string } {
  const match = scanner.take(quoted);
  if (match) {
    const [whole, double, single, back] = match;
    if (!scanner.take(blank)) return { problem: `goes on after the closing ${whole.at(-1)}` };
    return double === undefined ? (single ?? back)! : unescape(double);
  }
  const quote = scanner.take(opening)?.[1];
  if (quote !== undefined) return { problem: `opens a ${quote} that is never closed` };
  return scanner
    .take(line)![0]
    .replace(/[ \t]#.*/, '')
    .trim();
}

function unescape(text: string): string {
  const known: Record<string, string> = { '\\n': '\n', '\\r': '\r' };
  return text.replace(/\\[^]/g, (pair) => known[pair] ?? pair);
}

/** Goes through a text, one sticky pattern after another. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get at(): number {
    return this.#at;
  }

  /** From 1. */
  lineNumber(at: number): number {
    return this.#text.slice(0, at).split('\n').length;
  }

  peek(): string {
    return this.#text[this.#at] ?? '';
  }

  /** What the pattern matches here; then goes behind it. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at += match[0].length;
    return match;
  }
}
