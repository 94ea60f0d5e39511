import type { Log } from './folder.ts';
import { type LogLine, type LoggedExchange, readLine, together } from './exchange.ts';

/** Characters of lines that wait for the other half; the oldest goes when there are more. */
const MOST_HELD = 64 * 1024 * 1024;

/** Joins the two lines of an exchange by their `uid`, in whatever order they come. */
export class Pairing {
  private readonly waiting = new Map<string, LogLine>();
  private held = 0;
  /** Lines that could not be read. */
  broken = 0;

  constructor(private readonly log: Log) {}

  /** @returns what it completes; of what has waited for too long, what there is of it */
  add(text: string): LoggedExchange[] {
    if (text.trim() === '') return [];
    const line = readLine(text);
    if (line === undefined) {
      this.broken++;
      return [];
    }
    const other = this.take(line.uid);
    if (other !== undefined && other.isRequest !== line.isRequest) return [together(this.log, [other, line])];
    this.waiting.set(line.uid, line);
    this.held += line.text.length;
    // A uid that is there twice belongs to two exchanges.
    const done = other === undefined ? [] : [together(this.log, [other])];
    return [...done, ...this.evicted()];
  }

  /** What is there of those that still wait, the first first. */
  rest(isOver: (line: LogLine) => boolean = () => true): LoggedExchange[] {
    const over = [...this.waiting.values()].filter(isOver);
    return over.map(({ uid }) => together(this.log, [this.take(uid)!]));
  }

  /** Looks at those that wait. */
  each(look: (line: LogLine) => void): void {
    for (const line of this.waiting.values()) look(line);
  }

  private evicted(): LoggedExchange[] {
    const done: LoggedExchange[] = [];
    while (this.held > MOST_HELD && this.waiting.size > 1) {
      const [uid] = this.waiting.keys();
      done.push(together(this.log, [this.take(uid!)!]));
    }
    return done;
  }

  private take(uid: string): LogLine | undefined {
    const line = this.waiting.get(uid);
    if (line === undefined) return undefined;
    this.waiting.delete(uid);
    this.held -= line.text.length;
    return line;
  }
}
