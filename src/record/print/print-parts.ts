/** A text, or a call of a tool. */
interface Part {
  readonly key: string;
  readonly call: { readonly name: string; readonly id: string } | undefined;
  /** What is not shown yet. */
  held: string;
  /** Its last character is a line feed. */
  endsLine: boolean;
  /** Of a call: how far its JSON has come. */
  readonly progress: JsonProgress;
  isOver: boolean;
}

/** A piece of a call as it came. */
export interface CallPiece {
  /** Empty in pieces that only go on. */
  readonly name: string;
  /** Empty where there is none. */
  readonly id: string;
  readonly given: string;
}

/**
 * The texts and calls of one answer, whose pieces may come in turns: shown one after the other, each whole and in lines of its
 * own. The current one is shown as it comes; others are held until it is over.
 */
export class LiveParts {
  /** In the order in which they are shown. */
  private readonly queue: Part[] = [];
  /** Where the current one is: to cut off the first of many each time would take the square of their number. */
  private current = 0;
  /** Those that pieces may still be added to, by what tells them apart. */
  private readonly open = new Map<string, Part>();
  private lineEnd = '';

  constructor(private readonly show: (text: string) => void) {}

  text(key: string, piece: string): void {
    if (piece !== '') this.add(this.open.get(key) ?? this.begin(key, undefined), piece);
  }

  call(key: string, { name, id, given }: CallPiece): void {
    const open = this.open.get(key);
    if (name === '') return this.add(open ?? this.begin(key, { name, id }), given);
    const isNew = open?.call === undefined || (id !== open.call.id && id !== '');
    this.add(isNew ? this.begin(key, { name, id }) : open, given);
  }

  /** Nothing more comes of it. */
  over(key: string): void {
    const part = this.open.get(key);
    if (part === undefined) return;
    part.isOver = true;
    this.advance();
  }

  end(): void {
    while (this.current < this.queue.length) this.next();
  }

  private begin(key: string, call: Part['call']): Part {
    const before = this.open.get(key);
    if (before) before.isOver = true;
    const part: Part = { key, call, held: '', endsLine: false, progress: new JsonProgress(), isOver: false };
    this.open.set(key, part);
    this.queue.push(part);
    if (this.queue.length - this.current === 1) this.showCurrent();
    return part;
  }

  private add(part: Part, piece: string): void {
    if (piece !== '') {
      part.endsLine = piece.endsWith('\n');
      if (part.call !== undefined) part.progress.add(piece);
      if (part === this.queue[this.current]) this.show(piece);
      else part.held += piece;
    }
    this.advance();
  }

  private advance(): void {
    while (this.queue.length - this.current > 1 && isWhole(this.queue[this.current]!)) this.next();
  }

  private next(): void {
    const part = this.queue[this.current]!;
    if (part.call) this.show(')');
    this.lineEnd = part.endsLine && !part.call ? '' : '\n';
    if (this.open.get(part.key) === part) this.open.delete(part.key);
    if (++this.current === this.queue.length) {
      this.queue.length = 0;
      this.current = 0;
    } else this.showCurrent();
  }

  private showCurrent(): void {
    const part = this.queue[this.current]!;
    this.show(`${this.lineEnd}${part.call ? `${part.call.name}(` : ''}${part.held}`);
    part.held = '';
  }
}

/** A text is as soon as something else begins; a call when what is given to it is. */
function isWhole({ call, progress, isOver }: Part): boolean {
  return call === undefined || isOver || progress.isWhole;
}

/** Follows a JSON object that comes in pieces: looks at each character once, however many pieces there are. */
class JsonProgress {
  /** Its last brace has come. */
  isWhole = false;
  private depth = 0;
  private isInString = false;
  private isEscaped = false;

  add(piece: string): void {
    for (let at = 0; at < piece.length; at++) {
      const unit = piece.charCodeAt(at);
      if (this.isEscaped) this.isEscaped = false;
      else if (this.isInString) {
        if (unit === BACKSLASH) this.isEscaped = true;
        else if (unit === QUOTE) this.isInString = false;
      } else if (unit === QUOTE) this.isInString = true;
      else if (unit === OPEN) this.depth++;
      else if (unit === CLOSE) this.isWhole = --this.depth === 0;
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
