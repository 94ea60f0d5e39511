import type { Exchange } from '../exchange.ts';
import { withoutQueryKeys } from '../admit/keys.ts';
import { isCredential, withoutSecrets } from '../admit/user.ts';
import { type Question, readQuestion } from '../../openai/canonical.ts';
import { type LargeQuestion, QuestionThread } from './question-thread.ts';
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

/**
 * Others that may shape it: all of OpenAI and Anthropic, those of gateways that choose a model, a prompt or a guard by a
 * field, and what says of itself that it names a model, a deployment, a project, a user and the like.
 */
const vendorName = /^(?:openai|anthropic)-/;
const shapingName =
  /^x-openai-|^x-anthropic-|^(?:x-)?(?:portkey|litellm|helicone|cf-aig|dashscope|amzn-bedrock)-|model|deployment|provider|organi[sz]ation|project|workspace|tenant|guardrail|method-override|^prefer$|(?:^|-)(?:user|email|org|beta|features?|prompt|config|api-version|tier)(?:-|$)/;
/** Of those too: who asked, when and by what, new with each request or client. */
const passingName =
  /^x-stainless-|^x-openai-client|^sec-|user-agent|^helicone-user-id$|request-id|call-id|trace-?(?:id|parent|state)|span|session|conversation-id|timestamp|retry|timeout|metadata|propert|tags?$|cache/;

/** Of a request without a body. */
const nothing: Question = { canonical: '', model: '', stream: false, includeUsage: false };

/** Reads questions. Those that it is told to remember are known by their bytes: then nothing is parsed. */
export class Questions {
  private readonly known = new KnownQuestions();
  private readonly thread: QuestionThread;

  /** @param say - told what the operator should know */
  constructor(say: (message: string) => void) {
    this.thread = new QuestionThread(say);
  }

  /**
   * @param user - whose entries are looked at; empty for everybody's
   * @param byForm - a stream and a plain answer are kept apart, where none can be made of the other
   * @returns undefined for a body that can't be compared with another; a promise for a large one
   */
  read(exchange: Exchange, user: string, byForm: boolean): Asked | undefined | Promise<Asked | undefined> {
    const { body, method } = exchange;
    const { upstream, upstreamPath } = exchange.destination;
    if (body.kind === 'stream') return undefined;
    const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array();
    const path = withoutQueryKeys(upstreamPath);
    const route = `${method} ${withoutSecrets(path)}`;
    const { headers } = exchange.request;
    // Chat answers are JSON or events, as the body says; elsewhere a client may ask for a format here.
    const accept = exchange.family === 'other' ? (headers.get('accept') ?? '') : '';
    const before = `${user}\n${upstream.target.baseUrl}\n${method} ${path}\n${shapingFields(headers)}${accept}\n`;
    const letters = { before, body: bytes };
    const known = this.known.find(letters);
    // Whoever needs the canonical form asks for it: a hit does not.
    if (known) return new Remembered(known, route, user, bytes);
    if (this.thread.isLarge(bytes.length))
      return this.thread
        .read(bytes)
        .then((large) =>
          large && !large.isUnclear
            ? new ReadAside(large, keyOf(large, before, byForm), route, user)
            : undefined,
        );
    const question = bytes.length === 0 ? nothing : readQuestion(bytes);
    if (!question || question.isUnclear) return undefined;
    return { ...question, route, user, key: keyOf(question, before, byForm), letters };
  }

  close(): void {
    this.thread.close();
  }

  /** The question was answered from the cache: it may well come again, byte for byte. */
  remember({ letters, key, model, stream, includeUsage }: Asked): void {
    if (letters) this.known.add(letters, { key, model, stream, includeUsage });
  }
}

function keyOf({ canonical, stream }: Question | LargeQuestion, before: string, byForm: boolean): string {
  return digestOf(byForm ? `${before}${stream}\n` : before, canonical);
}

/** A large question, which another thread has read. */
class ReadAside implements Asked {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  private readonly bytes: Uint8Array;

  constructor(
    { canonical, model, stream, includeUsage }: LargeQuestion,
    readonly key: string,
    readonly route: string,
    readonly user: string,
  ) {
    this.bytes = canonical;
    this.model = model;
    this.stream = stream;
    this.includeUsage = includeUsage;
  }

  get canonical(): string {
    return Buffer.prototype.utf8Slice.call(this.bytes, 0, this.bytes.length);
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
  // Others: only where they are there, so that keys of stored entries stay.
  headers.forEach((value, name) => {
    if (isShaping(name)) fields += `${name}:${value}\n`;
  });
  return fields;
}

/** Names of fields come again and again: each is looked at once. */
const shapes = new Map<string, boolean>();
const MOST_KNOWN = 1000;
const LONGEST_KNOWN = 64;

function isShaping(name: string): boolean {
  let is = shapes.get(name);
  if (is !== undefined) return is;
  const isOther = shapingName.test(name) && !passingName.test(name) && !isCredential(name);
  is = (isOther || vendorName.test(name)) && !(shaping as readonly string[]).includes(name);
  if (shapes.size >= MOST_KNOWN) shapes.clear();
  if (name.length <= LONGEST_KNOWN) shapes.set(name, is);
  return is;
}

/** The key of a question in one form, where each form has an entry of its own. */
export function keyByForm({ key }: Pick<Asked, 'key'>, form: Pick<Asked, 'stream' | 'includeUsage'>): string {
  return digestOf(`${key} ${form.stream} ${form.includeUsage}`, '');
}

/** One buffer for all: a hasher object for each digest costs more to collect than the digest itself. */
const scratch = Buffer.allocUnsafe(64 * 1024);

/** Half of a SHA-256 is beyond guessing and beyond chance. */
function digestOf(before: string, rest: string | Uint8Array): string {
  if (typeof rest !== 'string')
    return new Bun.SHA256().update(before).update(rest).digest('hex').slice(0, 32);
  // No character takes more than three bytes of UTF-8 for each of its own.
  const most = 3 * (before.length + rest.length);
  const bytes = most <= scratch.length ? scratch : Buffer.allocUnsafe(most);
  const start = bytes.write(before);
  const end = start + bytes.write(rest, start);
  return Bun.SHA256.hash(bytes.subarray(0, end), 'hex').slice(0, 32);
}
