import { decoder, type PieceSink } from './decode.ts';
import { boundaryOf, FormReader } from './form.ts';
import { endOfString, isAtLevel, isClose, isOpen } from './json.ts';

/** Looks on as a request's body passes that is not held. */
export interface Passing {
  /** Given each piece, a view that is gone afterwards. */
  chunk(piece: Uint8Array): void;
  /** Bytes that passed. */
  readonly bytes: number;
  /** What was read of it so far. */
  asked(): Asked;
}

/** JSON that was read: it is long, and read once. */
export interface ReadJson {
  readonly text: string;
  readonly value: unknown;
}

/** What a request asks for, as far as its body was read. */
export interface Asked {
  /** Empty when it names none. */
  readonly model: string;
  readonly stream: boolean;
  /** The fields of a form. */
  readonly form?: ReadonlyMap<string, unknown>;
  /** The body as text, and as JSON.parse reads it. */
  readonly json?: ReadJson;
  /** The body was too long to be held. */
  readonly truncated?: true;
}

/** Characters of a model's name. */
const MODEL_LENGTH = 200;

/** What a request's `model` names; empty for anything but a text. */
export function modelName(model: unknown): string {
  return typeof model === 'string' ? model.slice(0, MODEL_LENGTH) : '';
}

/** @returns undefined for a body that nothing can be read of */
export function passingOf(headers: Headers): Passing | undefined {
  const encoding = headers.get('content-encoding');
  const passing = passingPlain(headers);
  return encoding === null || !passing ? passing : PassingCoded.of(encoding, passing);
}

function passingPlain(headers: Headers): Passing | undefined {
  const boundary = boundaryOf(headers.get('content-type') ?? '');
  if (boundary !== undefined) return new PassingForm(boundary);
  return holdsPrompt(headers) ? new PassingJson() : undefined;
}

/** A coded body, decoded beside what passes. */
class PassingCoded implements Passing {
  bytes = 0;

  private constructor(
    private readonly decoding: PieceSink,
    private readonly plain: Passing,
  ) {}

  /** @returns undefined for a coding that is not known */
  static of(encoding: string, plain: Passing): Passing | undefined {
    const sink = { chunk: (piece: Uint8Array) => plain.chunk(piece), end() {} };
    const decoding = decoder(encoding, sink);
    return decoding && new PassingCoded(decoding, plain);
  }

  chunk(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.decoding.chunk(piece);
  }

  /** What was decoded by now: the decoder runs behind, and an answer comes later than that. */
  asked(): Asked {
    this.decoding.end(true);
    return this.plain.asked();
  }
}

class PassingForm implements Passing {
  bytes = 0;
  private readonly reader: FormReader;

  constructor(boundary: string) {
    this.reader = new FormReader(boundary);
  }

  chunk(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.reader.chunk(piece);
  }

  asked(): Asked {
    return askedIn(this.reader.fields);
  }
}

/** What a form's fields ask for. */
export function askedIn(form: ReadonlyMap<string, unknown>): Asked {
  return { model: modelName(form.get('model')), stream: form.get('stream') === 'true', form };
}

const media = /^(?:multipart|audio|video|image)\/|^application\/octet-stream/i;

/** False for what holds no prompt that could be estimated, by its own word. */
export function holdsPrompt(headers: Headers): boolean {
  return !media.test(headers.get('content-type') ?? '');
}

/** Bytes of its beginning and of its end that are held: what is long is in between. */
const KEPT = 64 * 1024;
/** Places with the name that are looked at in the end: each costs a walk through it. */
const MOST_PLACES = 8;
const QUOTE = 0x22;

/** A JSON object too long to be held: what it asks for is said at its beginning or its end. */
export class PassingJson implements Passing {
  bytes = 0;
  private readonly head: Uint8Array[] = [];
  private readonly tail: Uint8Array[] = [];
  private tailBytes = 0;

  chunk(piece: Uint8Array): void {
    // Copies: the piece is a view that is gone afterwards.
    if (this.bytes < KEPT) this.head.push(new Uint8Array(piece.subarray(0, KEPT - this.bytes)));
    this.bytes += piece.length;
    const last = piece.length > KEPT ? piece.subarray(-KEPT) : piece;
    this.tail.push(new Uint8Array(last));
    this.tailBytes += last.length;
    while (this.tailBytes - this.tail[0]!.length >= KEPT) this.tailBytes -= this.tail.shift()!.length;
  }

  asked(): Asked {
    const head = Buffer.concat(this.head).toString();
    const tail = Buffer.concat(this.tail).toString();
    const value = (name: string): unknown =>
      valueIn(head, atStart(head, name)) ?? valueIn(tail, atEnd(tail, name));
    const isObject = head.trimStart().startsWith('{');
    return {
      model: isObject ? modelName(value('model')) : '',
      stream: isObject && value('stream') === true,
      truncated: true,
    };
  }
}

/** Where the value of the object's own member begins, in the object's beginning; -1 when it is not there. */
function atStart(text: string, name: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isOpen(unit)) depth++;
    else if (isClose(unit)) depth--;
    if (unit !== QUOTE) continue;
    const end = endOfString(text, at + 1);
    const value = depth === 1 && text.slice(at + 1, end) === name ? behindColon(text, end + 1) : -1;
    if (value >= 0) return value;
    at = end;
  }
  return -1;
}

/** The same in the object's end, whatever that begins with. */
function atEnd(text: string, name: string): number {
  const quoted = `"${name}"`;
  let at = text.length;
  for (let left = MOST_PLACES; left > 0 && at > 0; left--) {
    // Within a string the quotes are escaped: this, followed by a colon, is always a name.
    at = text.lastIndexOf(quoted, at - 1);
    if (at < 0) return -1;
    const value = behindColon(text, at + quoted.length);
    if (value >= 0 && isAtLevel(text, value, 1, true)) return value;
  }
  return -1;
}

const colon = /\s*:\s*/y;

function behindColon(text: string, from: number): number {
  colon.lastIndex = from;
  return colon.test(text) ? colon.lastIndex : -1;
}

/** The string or word that stands there. */
function valueIn(text: string, at: number): unknown {
  if (at < 0) return undefined;
  if (text.startsWith('true', at)) return true;
  if (text.charCodeAt(at) !== QUOTE) return undefined;
  try {
    return JSON.parse(text.slice(at, endOfString(text, at + 1) + 1));
  } catch {
    return undefined;
  }
}
