import type { Exchange } from '../exchange.ts';
import { withoutQueryKeys } from '../admit/keys.ts';
import { type Question, readQuestion } from './canonical.ts';
import { type KnownQuestion, KnownQuestions, type Letters } from './known-questions.ts';

/** What a request asks, as the cache sees it. */
export interface Asked extends Question {
  /** Tells it from every other question: 32 hex digits. */
  readonly key: string;
  /** Method and path, as `POST /v1/chat/completions`. */
  readonly route: string;
  /** Its very letters, where they were not known yet. */
  readonly letters?: Letters;
  /** Whose entries are looked at; empty for everybody's. */
  readonly user: string;
}

/** Request fields that shape an answer beside the body. */
const shaping = [
  'openai-organization',
  'openai-project',
  'openai-beta',
  'anthropic-version',
  'anthropic-beta',
] as const;

/** Of a request without a body. */
const nothing: Question = { canonical: '', model: '', stream: false, includeUsage: false };

/** Reads questions. Those that it is told to remember are known by their bytes: then nothing is parsed. */
export class Questions {
  private readonly known = new KnownQuestions();

  /**
   * @param user - whose entries are looked at; empty for everybody's
   * @param byForm - a stream and a plain answer are kept apart, where none can be made of the other
   * @returns undefined for a body that can't be compared with another
   */
  read(exchange: Exchange, user: string, byForm: boolean): Asked | undefined {
    const { body, method } = exchange;
    const { upstream, upstreamPath } = exchange.destination;
    if (body.kind === 'stream') return undefined;
    const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array();
    const route = `${method} ${withoutQueryKeys(upstreamPath)}`;
    const { headers } = exchange.request;
    // Chat answers are JSON or events, as the body says; elsewhere a client may ask for a format here.
    const accept = exchange.family === 'other' ? (headers.get('accept') ?? '') : '';
    const before = `${user}\n${upstream.target.baseUrl}\n${route}\n${shapingFields(headers)}${accept}\n`;
    const letters = { before, body: bytes };
    const known = this.known.find(letters);
    // Whoever needs the canonical form asks for it: a hit does not.
    if (known) return new Remembered(known, route, user, bytes);
    const question = bytes.length === 0 ? nothing : readQuestion(bytes);
    if (!question) return undefined;
    const { canonical, model, stream, includeUsage } = question;
    const key = digestOf(byForm ? `${before}${stream}\n` : before, canonical);
    return { canonical, model, stream, includeUsage, route, user, key, letters };
  }

  /** The question was answered from the cache: it may well come again, byte for byte. */
  remember({ letters, key, model, stream, includeUsage }: Asked): void {
    if (letters) this.known.add(letters, { key, model, stream, includeUsage });
  }
}

class Remembered implements Asked {
  readonly key: string;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;

  constructor(
    known: KnownQuestion,
    readonly route: string,
    readonly user: string,
    private readonly bytes: Uint8Array,
  ) {
    this.key = known.key;
    this.model = known.model;
    this.stream = known.stream;
    this.includeUsage = known.includeUsage;
  }

  get canonical(): string {
    return this.bytes.length === 0 ? '' : readQuestion(this.bytes)!.canonical;
  }
}

function shapingFields(headers: Headers): string {
  let fields = '';
  for (const name of shaping) fields += `${headers.get(name) ?? ''}\n`;
  return fields;
}

/** The key of a question in one form, where each form has an entry of its own. */
export function keyByForm({ key }: Pick<Asked, 'key'>, form: Pick<Asked, 'stream' | 'includeUsage'>): string {
  return digestOf(`${key} ${form.stream} ${form.includeUsage}`, '');
}

/** One buffer for all: a hasher object for each digest costs more to collect than the digest itself. */
const scratch = Buffer.allocUnsafe(64 * 1024);

/** Half of a SHA-256 is beyond guessing and beyond chance. */
function digestOf(before: string, rest: string): string {
  // No character takes more than three bytes of UTF-8 for each of its own.
  const most = 3 * (before.length + rest.length);
  const bytes = most <= scratch.length ? scratch : Buffer.allocUnsafe(most);
  const start = bytes.write(before);
  const end = start + bytes.write(rest, start);
  return Bun.SHA256.hash(bytes.subarray(0, end), 'hex').slice(0, 32);
}
