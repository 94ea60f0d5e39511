import { holdsPrompt } from '../body.ts';
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
  if (headers.has('content-encoding')) return undefined;
  const boundary = boundaryOf(headers.get('content-type') ?? '');
  if (boundary !== undefined) return new PassingForm(boundary);
  return holdsPrompt(headers) ? new PassingJson() : undefined;
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
