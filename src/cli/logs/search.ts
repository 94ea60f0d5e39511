import { stat } from 'node:fs/promises';
import { type LoggedExchange, type LogLine, readLine, timeOf, together } from './exchange.ts';
import { filesOf, type Log } from './folder.ts';
import { linesForward, openIfThere } from './read.ts';
import { textsOf } from './show.ts';

/** Characters of lines that wait for the other half. */
const MOST_HELD = 64 * 1024 * 1024;

/** A line that may begin or end an exchange, not read yet: reading all of gigabytes takes too long. */
interface Candidate {
  readonly text: string;
  readonly isHit: boolean;
}

/** What is looked for. */
export interface Wanted {
  readonly pattern: RegExp;
  /** Whether lines hold it as it is, whatever their format: no quote, no backslash, nothing that is escaped. */
  readonly isPlain: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
}

/** @param text - found in any case */
export function wantedOf(text: string, since: number | undefined): Wanted {
  const isPlain =
    /^[\w !#-&(-[\]^`{|}~\u00c0-\u00ff\u0400-\u04ff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]+$/.test(
      text,
    );
  return { pattern: new RegExp(RegExp.escape(text), 'iu'), isPlain, since };
}

/** Goes through all files of one log, oldest first. */
export class Search {
  /** Lines that could not be read, and where the first is. Those without the text are not looked at so closely. */
  broken = 0;
  firstBroken: string | undefined;
  private readonly waiting = new Map<string, Candidate>();
  private held = 0;

  constructor(
    private readonly log: Log,
    private readonly wanted: Wanted,
  ) {}

  async *exchanges(): AsyncGenerator<LoggedExchange[]> {
    for (const path of await filesOf(this.log)) {
      const file = await openIfThere(path);
      if (file === undefined) continue;
      try {
        if (await this.isTooOld(path)) continue;
        let number = 0;
        for await (const lines of linesForward(file, 0, true)) {
          const found = lines.flatMap((text) => this.add(text, path, ++number));
          if (found.length > 0) yield found;
        }
      } finally {
        await file.close();
      }
    }
    const rest = [...this.waiting.values()].filter(({ isHit }) => isHit);
    yield rest.flatMap(({ text }) => this.read([text]));
  }

  /** The last line of a file is not younger than the file. */
  private async isTooOld(path: string): Promise<boolean> {
    const { since } = this.wanted;
    if (since === undefined) return false;
    const found = await stat(path).catch(() => undefined);
    return found !== undefined && found.mtimeMs < since - 1000;
  }

  private add(text: string, path: string, number: number): LoggedExchange[] {
    if (text === '' || text.trim() === '') return [];
    const uids = uidsIn(text);
    const isLine = uids.length > 0 && text.startsWith('{') && text.trimEnd().endsWith('}');
    if (!isLine) return this.isBroken(path, number);
    const isHit = this.isHit(text);
    for (const uid of uids) {
      const other = this.waiting.get(uid);
      if (other === undefined) continue;
      if (!isHit && !other.isHit) {
        if (uids.length > 1) continue;
        this.drop(uid);
        return [];
      }
      const lines = [readLine(other.text), readLine(text)];
      if (lines[0]?.uid !== uid || lines[1]?.uid !== uid) continue;
      this.drop(uid);
      return this.chosen(lines as LogLine[]);
    }
    if (isHit && readLine(text) === undefined) return this.isBroken(path, number);
    const uid = uids.length > 1 ? readLine(text)?.uid : uids[0];
    return uid === undefined ? this.isBroken(path, number) : this.hold(uid, { text, isHit });
  }

  private isHit(text: string): boolean {
    const { isPlain, pattern } = this.wanted;
    return isPlain ? pattern.test(text) : textsOf(readLine(text)).some((each) => pattern.test(each));
  }

  private hold(uid: string, candidate: Candidate): LoggedExchange[] {
    this.drop(uid);
    this.waiting.set(uid, candidate);
    this.held += candidate.text.length;
    const done: LoggedExchange[] = [];
    while (this.held > MOST_HELD && this.waiting.size > 1) {
      const [oldest] = this.waiting.keys();
      const { text, isHit } = this.waiting.get(oldest!)!;
      this.drop(oldest!);
      if (isHit) done.push(...this.read([text]));
    }
    return done;
  }

  private drop(uid: string): void {
    this.held -= this.waiting.get(uid)?.text.length ?? 0;
    this.waiting.delete(uid);
  }

  private isBroken(path: string, number: number): [] {
    this.broken++;
    this.firstBroken ??= `${path}:${number}`;
    return [];
  }

  private read(texts: readonly string[]): LoggedExchange[] {
    return this.chosen(texts.map(readLine).filter((line) => line !== undefined));
  }

  /** Looks closely: the text may have been in a name, or in both of two neighbours. */
  private chosen(lines: readonly LogLine[]): LoggedExchange[] {
    const { pattern, since } = this.wanted;
    if (!lines.some((line) => textsOf(line).some((text) => pattern.test(text)))) return [];
    const exchange = together(this.log, lines);
    const time = timeOf(exchange);
    return since !== undefined && (time === undefined || time < since) ? [] : [exchange];
  }
}

const uidField = /['"]uid['"]:\s?['"]([^'"\\]{1,80})['"]/g;

/** Places in a line that may be its uid. */
const MOST_UIDS = 8;

/** The first that look like the line's uid: what somebody wrote may look so too. */
function uidsIn(text: string): string[] {
  const uids: string[] = [];
  for (const [, uid] of text.matchAll(uidField)) if (uids.push(uid!) === MOST_UIDS) break;
  return uids;
}
