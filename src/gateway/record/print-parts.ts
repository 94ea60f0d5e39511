/** A text, or a call of a tool. */
interface Part {
  readonly key: string;
  readonly call: { readonly name: string; readonly id: string } | undefined;
  said: string;
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
  /** The first is the current one. */
  private readonly queue: Part[] = [];
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
    while (this.queue.length > 0) this.next();
  }

  private begin(key: string, call: Part['call']): Part {
    const before = this.open.get(key);
    if (before) before.isOver = true;
    const part: Part = { key, call, said: '', isOver: false };
    this.open.set(key, part);
    this.queue.push(part);
    if (this.queue.length === 1) this.showCurrent();
    return part;
  }

  private add(part: Part, piece: string): void {
    part.said += piece;
    if (part === this.queue[0] && piece !== '') this.show(piece);
    this.advance();
  }

  private advance(): void {
    while (this.queue.length > 1 && isWhole(this.queue[0]!)) this.next();
  }

  private next(): void {
    const { key, call, said } = this.queue[0]!;
    if (call) this.show(')');
    this.lineEnd = said.endsWith('\n') && !call ? '' : '\n';
    if (this.open.get(key) === this.queue.shift()) this.open.delete(key);
    if (this.queue.length > 0) this.showCurrent();
  }

  private showCurrent(): void {
    const { call, said } = this.queue[0]!;
    this.show(`${this.lineEnd}${call ? `${call.name}(` : ''}${said}`);
  }
}

/** A text is as soon as something else begins; a call when what is given to it is. */
function isWhole({ call, said, isOver }: Part): boolean {
  if (call === undefined || isOver) return true;
  // First what is cheap: this is asked for each piece of the others.
  if (!said.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(said);
    return true;
  } catch {
    return false;
  }
}
