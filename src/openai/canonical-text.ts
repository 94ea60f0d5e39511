/** The most levels of objects and arrays a text may have: more is no question anybody asks. */
const DEEPEST = 200;

/** Members that are sorted faster by hand than by calls of a comparison. */
const FEW = 16;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const SMALL_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

interface Member {
  /** As it reads, without escapes. */
  readonly key: string;
  /** `"key":value`, canonical. */
  readonly text: string;
}

const none: ReadonlySet<string> = new Set();

/**
 * One form for all texts of the same JSON object: members sorted by key (code units; of the same key in the order they
 * had), no white space, each string as `JSON.stringify` writes it. Numbers stay as they were written, since a double
 * holds fewer of them than a server may.
 * @param text - an object that `JSON.parse` accepts: nothing is checked here
 * @param leftOut - keys that the object's own members don't have in the end; members of its members do
 * @throws RangeError when it is nested too deep
 */
export function canonicalText(text: string, leftOut: ReadonlySet<string>): string {
  return new Canonicaliser(text).run(leftOut);
}

class Canonicaliser {
  private at = 0;
  /** What was read from here on is canonical as it stands, and not yet in `out`: most of a text goes in few slices. */
  private from = 0;
  private out = '';
  /** The next backslash, which only strings have. */
  private slash: number;

  constructor(private readonly text: string) {
    this.slash = indexFrom(text, '\\', 0);
  }

  run(leftOut: ReadonlySet<string>): string {
    this.skipSpace();
    this.object(1, leftOut);
    return this.out;
  }

  private value(depth: number): void {
    const code = this.code();
    if (code === QUOTE) this.string();
    else if (code === OPEN_BRACE) this.object(depth + 1, none);
    else if (code === OPEN_BRACKET) this.array(depth + 1);
    else this.scalar();
  }

  private object(depth: number, leftOut: ReadonlySet<string>): void {
    descend(depth);
    this.flush();
    const before = this.out;
    const members: Member[] = [];
    let isSorted = true;
    this.at++;
    for (this.skipSpace(); this.code() !== CLOSE_BRACE; this.skipSpace()) {
      // Behind a member.
      if (this.code() === COMMA) this.at++;
      this.skipSpace();
      const member = this.member(depth);
      if (leftOut.has(member.key)) continue;
      if (members.length > 0 && members.at(-1)!.key > member.key) isSorted = false;
      members.push(member);
    }
    this.at++;
    this.from = this.at;
    this.out = `${before}{${joined(isSorted ? members : sorted(members))}}`;
  }

  private member(depth: number): Member {
    this.from = this.at;
    this.out = '';
    const start = this.at;
    const key = this.string() ?? this.text.slice(start + 1, this.at - 1);
    this.skipSpace();
    // The colon.
    this.at++;
    this.skipSpace();
    this.value(depth);
    this.flush();
    return { key, text: this.out };
  }

  private array(depth: number): void {
    descend(depth);
    this.at++;
    for (this.skipSpace(); this.code() !== CLOSE_BRACKET; this.skipSpace()) {
      if (this.code() === COMMA) this.at++;
      this.skipSpace();
      this.value(depth);
    }
    this.at++;
  }

  /** @returns what a string with escapes reads; one without stands for itself */
  private string(): string | undefined {
    const { text, at: start } = this;
    let end = text.indexOf('"', start + 1);
    if (this.slash < start) this.slash = indexFrom(text, '\\', start);
    if (this.slash > end) {
      this.at = end + 1;
      return undefined;
    }
    while (this.slash < end) {
      const escaped = this.slash + 1;
      if (escaped === end) end = text.indexOf('"', end + 1);
      this.slash = this.slashBehind(escaped);
    }
    this.flush();
    this.at = end + 1;
    this.from = this.at;
    const read = JSON.parse(text.slice(start, this.at)) as string;
    this.out += JSON.stringify(read);
    return read;
  }

  /** @param escaped - where the last escape has its letter */
  private slashBehind(escaped: number): number {
    const { text } = this;
    // Fast path: prose that is not Latin is often all `\uXXXX`.
    const next = escaped + 5;
    if (text.charCodeAt(escaped) === SMALL_U && text.charCodeAt(next) === BACKSLASH) return next;
    return indexFrom(text, '\\', escaped + 1);
  }

  /** A number, `true`, `false` or `null`: up to what can't be in one. */
  private scalar(): void {
    const { text } = this;
    let { at } = this;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === COMMA || code === CLOSE_BRACKET || code === CLOSE_BRACE || code <= SPACE) break;
    }
    this.at = at;
  }

  private skipSpace(): void {
    if (this.code() > SPACE) return;
    this.flush();
    while (this.code() <= SPACE) this.at++;
    this.from = this.at;
  }

  private flush(): void {
    if (this.from < this.at) this.out += this.text.slice(this.from, this.at);
    this.from = this.at;
  }

  private code(): number {
    return this.text.charCodeAt(this.at);
  }
}

function indexFrom(text: string, sought: string, from: number): number {
  const index = text.indexOf(sought, from);
  return index === -1 ? Infinity : index;
}

function descend(depth: number): void {
  if (depth > DEEPEST) throw new RangeError(`nested deeper than ${DEEPEST}`);
}

/** Stable: the first and the last of two that have one key can mean different things. */
function sorted(members: Member[]): Member[] {
  if (members.length > FEW) return members.toSorted(byKey);
  for (let i = 1; i < members.length; i++) {
    const member = members[i]!;
    let to = i;
    for (; to > 0 && members[to - 1]!.key > member.key; to--) members[to] = members[to - 1]!;
    members[to] = member;
  }
  return members;
}

function byKey(a: Member, b: Member): number {
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}

/** Not `Array.join`, which would copy the text once for each level. */
function joined(members: readonly Member[]): string {
  let out = '';
  for (const { text } of members) out += out === '' ? text : `,${text}`;
  return out;
}
