/** What is wrong with a line that is no JSON, and where: JSON.parse does not tell. */
export function jsonProblem(text: string): string {
  const at = new Scanner(text).brokenAt();
  return at >= text.length ? 'not JSON: it ends too early' : `not JSON from character ${at + 1} on`;
}

const space = /[ \t\n\r]*/y;
const word = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** Steps over JSON as far as it is any. */
class Scanner {
  private at = 0;
  /** What closes the lists and objects that are open, the innermost last. */
  private readonly open: string[] = [];

  constructor(private readonly text: string) {}

  /** @returns the place of the first character that can't be there; the length where one is missing */
  brokenAt(): number {
    let isGood = this.value();
    while (isGood && this.open.length > 0) isGood = this.next();
    if (isGood) this.skip(space);
    return this.at;
  }

  /** After a value: the end of what it is in, or the next one. */
  private next(): boolean {
    const close = this.open.at(-1)!;
    if (this.takes(close)) {
      this.open.pop();
      return true;
    }
    return this.takes(',') && (close === ']' || this.name()) && this.value();
  }

  private value(): boolean {
    if (this.takes('{')) {
      this.open.push('}');
      return this.isAt('}') || (this.name() && this.value());
    }
    if (this.takes('[')) {
      this.open.push(']');
      return this.isAt(']') || this.value();
    }
    return this.isAt('"') ? this.string() : this.skip(word);
  }

  private name(): boolean {
    return this.isAt('"') && this.string() && this.takes(':');
  }

  private string(): boolean {
    for (this.at++; this.at < this.text.length;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit === 0x22) {
        this.at++;
        return true;
      }
      if (unit < 0x20) return false;
      if (unit !== 0x5c) this.at++;
      else if (!this.skip(escape)) return this.cutEscape();
    }
    return false;
  }

  /** One at the very end is not wrong, but not whole. */
  private cutEscape(): boolean {
    if (/^\\(?:u[\da-fA-F]{0,3})?$/.test(this.text.slice(this.at))) this.at = this.text.length;
    return false;
  }

  private isAt(character: string): boolean {
    this.skip(space);
    return this.text[this.at] === character;
  }

  private takes(character: string): boolean {
    const isThere = this.isAt(character);
    if (isThere) this.at++;
    return isThere;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at += found[0].length;
    return found !== null;
  }
}
