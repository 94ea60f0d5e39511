import { safeText } from '../../text/terminal.ts';

/** A line is broken where it gets longer than this, between words where there are any. */
const WIDEST = 160;

/** Turns text that comes in pieces into whole lines, harmless ones. */
export class SafeLines {
  private rest = '';

  /** @param line - takes a line, without its end */
  constructor(private readonly line: (text: string) => void) {}

  chunk(text: string): void {
    // A carriage return may belong to a line feed that comes next.
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) this.broken(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (this.rest.length > WIDEST) this.rest = this.broken(this.rest, true);
  }

  end(): void {
    if (this.rest !== '') this.broken(this.rest);
    this.rest = '';
  }

  /** @returns what is not yet a line, when more may come */
  private broken(text: string, isOpen = false): string {
    let start = 0;
    while (text.length - start > WIDEST) {
      // Within the line only: in a text without spaces each search would go back to its beginning.
      const space = text.slice(start, start + WIDEST + 1).lastIndexOf(' ');
      const end = start + (space > 0 ? space : whole(text, start, WIDEST));
      this.line(safeText(text.slice(start, end)));
      start = space > 0 ? end + 1 : end;
    }
    const left = text.slice(start);
    if (isOpen) return left;
    this.line(safeText(left));
    return '';
  }
}

/** So many units, but not half of a character. */
function whole(text: string, start: number, length: number): number {
  const unit = text.charCodeAt(start + length - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? length - 1 : length;
}
