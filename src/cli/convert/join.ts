import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf } from './lines.ts';
import type { Look } from './look.ts';
import { byPlace, type Place } from './place.ts';

/** A request, its answer, or both. */
export interface Pair {
  /** Where it stands among the others. */
  readonly at: Place;
  readonly request: Place | undefined;
  readonly answer: Place | undefined;
}

/** So many files that what is in one of them fits into memory, whatever there is in all. */
const PARTS = 64;
/** Characters that are held of each before they are written. */
const HELD = 65_536;
const READ = 65_536;

/**
 * Joins halves by their uid, however far they are apart. Only where they are is kept, in files where there are many; these are
 * joined one by one, and what comes of it is merged.
 */
export class Join {
  private folder: string | undefined;
  private readonly held = Array.from({ length: PARTS }, () => '');
  /** Parts that are in files. */
  private readonly filed = new Set<number>();
  /** Halves that a later one with the same uid took the place of: it is the last that counts. */
  replaced = { requests: 0, answers: 0 };

  /** @param most - see {@link HELD} */
  constructor(private readonly most = HELD) {}

  add({ uid, isRequest }: Look, { file, number, offset, length }: Place): void {
    const part = Bun.hash.crc32(uid) % PARTS;
    this.hold(
      part,
      `${file}\t${number}\t${offset}\t${length}\t${isRequest ? 1 : 0}\t${JSON.stringify(uid)}\n`,
    );
  }

  /** All there are, in the order of the requests, which those without one are among. */
  *pairs(): Generator<Pair> {
    const runs = this.held.map((_, part) => this.run(part));
    const heads = runs.map((run) => run.next().value);
    for (;;) {
      let first = -1;
      for (const [index, pair] of heads.entries()) {
        if (pair && (first < 0 || byOrder(pair, heads[first]!) < 0)) first = index;
      }
      if (first < 0) return;
      yield heads[first]!;
      heads[first] = runs[first]!.next().value;
    }
  }

  close(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }

  /** The pairs of one part in order. */
  private run(part: number): Iterator<Pair, undefined> {
    const pairs = this.joined(this.take(part));
    if (this.folder === undefined) return pairs.values() as Iterator<Pair, undefined>;
    // Written, so that not all runs are in memory.
    const name = `${part}.run`;
    for (let at = 0; at < pairs.length; at += 1000) {
      const some = pairs.slice(at, at + 1000).map((pair) => JSON.stringify(pair));
      appendFileSync(join(this.folder, name), `${some.join('\n')}\n`);
    }
    return this.written(name, pairs.length);
  }

  private *written(name: string, count: number): Generator<Pair, undefined> {
    if (count === 0) return undefined;
    for (const { bytes } of linesOf(join(this.folder!, name), READ)) {
      const { at, request, answer } = JSON.parse(bytes!.toString()) as Pair;
      yield { at, request, answer };
    }
    return undefined;
  }

  /** As with the original, which keeps dicts by uid: a request stands where the first was, and the last counts. */
  private joined(lines: Iterable<string>): Pair[] {
    const pairs = new Map<string, { at: Place; request: Place | undefined; answer: Place | undefined }>();
    for (const line of lines) {
      const [file, number, offset, length, isRequest, uid] = line.split('\t') as [string, ...string[]];
      const place = {
        file: Number(file),
        number: Number(number),
        offset: Number(offset),
        length: Number(length),
      };
      const pair = pairs.get(uid!);
      const half = isRequest === '1' ? 'request' : 'answer';
      if (pair?.[half]) this.replaced[half === 'request' ? 'requests' : 'answers']++;
      if (!pair) pairs.set(uid!, { at: place, request: undefined, answer: undefined, [half]: place });
      else {
        if (half === 'request' && !pair.request) pair.at = place;
        pair[half] = place;
      }
    }
    return [...pairs.values()].toSorted(byOrder);
  }

  private *take(part: number): Generator<string> {
    const held = this.held[part]!;
    this.held[part] = '';
    if (this.filed.has(part))
      for (const { bytes } of linesOf(join(this.folder!, String(part)), READ)) yield bytes!.toString();
    for (const line of held.split('\n')) if (line !== '') yield line;
  }

  private hold(part: number, line: string): void {
    const held = (this.held[part] += line);
    if (held.length < this.most) return;
    this.folder ??= mkdtempSync(join(tmpdir(), 'aifd-convert-'));
    appendFileSync(join(this.folder, String(part)), held);
    this.filed.add(part);
    this.held[part] = '';
  }
}

function byOrder(a: Pair, b: Pair): number {
  return byPlace(a.at, b.at);
}
