import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Half } from './conversation.ts';
import type { Unpaired } from './pairing.ts';

/** Where a line is. */
export interface Place {
  /** Its file's place among all. */
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

type Pair = (request: Place, answer: Place) => Promise<void>;

/** So many files that what is in one of them fits into memory, whatever there is in all. */
const PARTS = 64;
const BUFFERED = 65_536;

/** Keeps places of halves in files, and finds those that belong together. */
export class Spill {
  private folder: string | undefined;
  private readonly buffers = Array.from({ length: PARTS }, () => '');

  get isUsed(): boolean {
    return this.folder !== undefined;
  }

  add({ uid, kind }: Half, { file, offset, length }: Place): void {
    this.folder ??= mkdtempSync(join(tmpdir(), 'aifd-convert-'));
    const part = Number(BigInt.asUintN(6, BigInt(Bun.hash(uid))));
    this.buffers[part] += `${JSON.stringify([uid, kind === 'request' ? 0 : 1, file, offset, length])}\n`;
    if (this.buffers[part]!.length > BUFFERED) this.write(part);
  }

  /** Gives all pairs to `pair`; in a part they are in the order of the requests. */
  async join(pair: Pair): Promise<Unpaired> {
    let unpaired = { requests: 0, answers: 0 };
    for (let part = 0; part < PARTS; part++) {
      if (this.buffers[part] !== '') this.write(part);
      const { requests, answers } = await this.joinPart(part, pair);
      unpaired = { requests: unpaired.requests + requests, answers: unpaired.answers + answers };
    }
    return unpaired;
  }

  close(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }

  private write(part: number): void {
    appendFileSync(this.path(part), this.buffers[part]!);
    this.buffers[part] = '';
  }

  private async joinPart(part: number, pair: Pair): Promise<Unpaired> {
    const requests = new Map<string, Place>();
    const answers = new Map<string, Place>();
    let repeated = 0;
    for (const line of this.linesOf(part)) {
      const [uid, kind, file, offset, length] = JSON.parse(line) as [string, number, number, number, number];
      const some = kind === 0 ? requests : answers;
      if (kind === 0 && some.has(uid)) repeated++;
      some.set(uid, { file, offset, length });
    }
    const paired = [...requests].filter(([uid]) => answers.has(uid));
    paired.sort(([, a], [, b]) => a.file - b.file || a.offset - b.offset);
    for (const [uid, request] of paired) await pair(request, answers.get(uid)!);
    return { requests: requests.size + repeated - paired.length, answers: answers.size - paired.length };
  }

  private linesOf(part: number): string[] {
    try {
      return readFileSync(this.path(part), 'utf8').split('\n').filter(Boolean);
    } catch {
      // Nothing was ever written to it.
      return [];
    }
  }

  private path(part: number): string {
    return join(this.folder!, String(part));
  }
}
