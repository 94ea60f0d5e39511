import { holdsPrompt } from '../body.ts';
import { decoder, type PieceSink } from '../decode.ts';
import { boundaryOf, FormReader } from './form.ts';
import { PassingJson } from './passing-json.ts';

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
