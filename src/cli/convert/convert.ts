import { conversation, type Half, halfOf } from './conversation.ts';
import type { ChatLogFiles } from './files.ts';
import { Join, type Pair } from './join.ts';
import { linesOf } from './lines.ts';
import { lookAt } from './look.ts';
import { type Place, PlaceReader } from './place.ts';

/** What takes the text of the array. */
export interface TextSink {
  write(text: string): void;
  /** Returns when there is room for more: false once nobody takes it. */
  flush(): Promise<boolean>;
}

export interface Converting {
  /** All that the log has, not only what the original's `convert` gives. */
  readonly full: boolean;
  /** Told how far it is, in bytes of the logs, one after the other. */
  readonly onRead: (bytes: number) => void;
  /** Told of a line that can't be read. */
  readonly onBroken: (file: string, line: number, why: string) => void;
  /** Of each of many parts, characters that are held of where lines are, before they go to files. */
  readonly mostHeld?: number;
  /** Ends it: its reason is thrown, and nothing is left behind. */
  readonly signal?: AbortSignal;
}

export interface Converted {
  readonly conversations: number;
  readonly broken: number;
  /** Without an answer. */
  readonly requests: number;
  /** Without a request. */
  readonly answers: number;
}

/** Part of the time that looking takes; the rest is reading and writing. */
const LOOKING = 0.1;
/** Bytes after which garbage is collected, and others have their turn: a signal, say. */
const TURN = 4 * 1024 * 1024;

/**
 * Writes the conversations of one chat log as a JSON array, in the order of the requests: looks at all lines for what belongs
 * together, then reads pair after pair.
 */
export async function convert(log: ChatLogFiles, out: TextSink, converting: Converting): Promise<Converted> {
  const conversion = new Conversion(log.files, out, converting);
  try {
    return await conversion.run();
  } finally {
    conversion.close();
  }
}

class Conversion {
  private readonly join: Join;
  private readonly requestsOf: PlaceReader;
  private readonly answersOf: PlaceReader;
  private readonly counts = { conversations: 0, broken: 0, requests: 0, answers: 0 };
  private sinceTurn = 0;

  constructor(
    private readonly paths: readonly string[],
    private readonly out: TextSink,
    private readonly converting: Converting,
  ) {
    this.join = new Join(converting.mostHeld);
    this.requestsOf = new PlaceReader(paths);
    this.answersOf = new PlaceReader(paths);
  }

  async run(): Promise<Converted> {
    await this.look();
    for (const pair of this.join.pairs()) {
      this.emit(pair);
      await this.turn((pair.request?.length ?? 0) + (pair.answer?.length ?? 0), 1 - LOOKING);
      if (!(await this.out.flush())) return this.counts;
    }
    const { counts, join } = this;
    this.out.write(counts.conversations === 0 ? '[]' : '\n]');
    await this.out.flush();
    const [requests, answers] = [
      counts.requests + join.replaced.requests,
      counts.answers + join.replaced.answers,
    ];
    return { ...counts, requests, answers };
  }

  close(): void {
    this.join.close();
    this.requestsOf.close();
    this.answersOf.close();
  }

  private async look(): Promise<void> {
    for (const [file, path] of this.paths.entries()) {
      for (const { bytes, number, offset, length } of linesOf(path)) {
        const place = { file, number, offset, length };
        if (bytes === undefined) this.broken(place, 'it is too long');
        else {
          const found = lookAt(bytes) ?? this.read(place, bytes.toString());
          if (found) this.join.add(found, place);
        }
        await this.turn(length + 1, LOOKING);
      }
    }
  }

  private emit({ request, answer }: Pair): void {
    const asked = request && this.read(request, this.requestsOf.textAt(request));
    const answered = answer && this.read(answer, this.answersOf.textAt(answer));
    if (asked && answered) {
      const start = this.counts.conversations++ === 0 ? '[\n' : ',\n';
      this.out.write(start + conversation(asked, answered));
    } else if (asked) this.counts.requests++;
    else if (answered) this.counts.answers++;
  }

  /** @returns undefined for a broken line, which is told of */
  private read(place: Place, text: string): Half | undefined {
    try {
      return halfOf(text, this.converting.full);
    } catch (error) {
      this.broken(place, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  private broken({ file, number }: Place, why: string): void {
    this.counts.broken++;
    this.converting.onBroken(this.paths[file]!, number, why);
  }

  private async turn(bytes: number, part: number): Promise<void> {
    this.converting.onRead(bytes * part);
    this.sinceTurn += bytes * part;
    if (this.sinceTurn < TURN) return;
    this.sinceTurn = 0;
    // By itself the runtime lets it grow to hundreds of megabytes where the machine has many.
    Bun.gc(true);
    await Bun.sleep(0);
    this.converting.signal?.throwIfAborted();
  }
}
