import { formFields } from './form.ts';
import { PassingJson } from './passing.ts';
import { type Asked, askedIn, modelName } from './passing.ts';

/** A larger body is not parsed: 128 KiB of nothing but names take 5 ms, and 8 MiB would hold up all others. Bytes. */
const MOST_PARSED = 128 * 1024;

/** Characters of a form that are read: 8 MiB of nothing but names would take half a second. */
const MOST_FORM = 64 * 1024;

const askedNothing: Asked = { model: '', stream: false };

/**
 * What a whole request body says: read once, when it is first asked for, for limits, logs and usage. Only the reading is
 * decoded; what goes upstream stays as the client sent it.
 */
export class RequestReading {
  private read: Asked | undefined;

  /**
   * @param bytes - the body, decoded as far as that was possible
   * @param isWhole - false where the body could not be decoded to its end
   * @param contentType - as the client wrote it; empty when it wrote none
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly isWhole: boolean,
    private readonly contentType: string,
  ) {}

  /** Too large to be parsed: what it asks for is looked for at its beginning and its end. */
  get isLarge(): boolean {
    return this.bytes.length > MOST_PARSED;
  }

  /** What the body asks for. Nothing of it where it is neither JSON nor a form. */
  get asked(): Asked {
    return (this.read ??= this.ask());
  }

  /** The body as text: UTF-8, or UTF-16 or UTF-32 as RFC 4627 §3 tells them, which Python's `json` accepts. */
  get text(): string {
    return textOf(this.bytes);
  }

  /** Forgets the parsed body; it is parsed once more if that is asked for. */
  forgetJson(): void {
    const { model, stream, form } = this.asked;
    if (!form) this.read = { model, stream };
  }

  private ask(): Asked {
    const { bytes, contentType } = this;
    if (bytes[0] === DASH && bytes[1] === DASH) return askedIn(formFields(bytes));
    if (urlEncoded.test(contentType))
      return askedIn(new Map(new URLSearchParams(this.text.slice(0, MOST_FORM))));
    if (!mayBeObject(bytes)) return askedNothing;
    if (this.isLarge) return this.askLarge();
    const { text } = this;
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return askedNothing;
      const { model, stream } = value as Record<string, unknown>;
      return { model: modelName(model), stream: stream === true, json: { text, value } };
    } catch {
      return askedNothing;
    }
  }

  private askLarge(): Asked {
    const passing = new PassingJson();
    passing.chunk(this.bytes);
    const { model, stream } = passing.asked();
    return { model, stream };
  }
}

const urlEncoded = /^\s*application\/x-www-form-urlencoded/i;

const DASH = 0x2d;
const BRACE = 0x7b;
const BOM = 0xfeff;

/** True when the first byte that is neither white space nor of a byte order mark opens an object. */
function mayBeObject(bytes: Uint8Array): boolean {
  if (bytes[0] === BRACE) return true;
  for (let at = 0; at < bytes.length && at < MOST_PARSED; at++) {
    const byte = bytes[at]!;
    if (byte === BRACE) return true;
    // White space, a NUL of UTF-16 or UTF-32, or a byte order mark.
    if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf && byte < 0xfe) return false;
  }
  return false;
}

function textOf(bytes: Uint8Array): string {
  const a = bytes[0]!;
  const b = bytes[1];
  // Fast path: two bytes of ASCII begin UTF-8.
  if (a !== 0 && b !== 0 && a < 0x80) return utf8(bytes, 0);
  const c = bytes[2];
  const d = bytes[3];
  if (a === 0xef && b === 0xbb && c === 0xbf) return utf8(bytes, 3);
  if (a === 0 && b === 0) return utf32(bytes, 'big');
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (b === 0 && c === 0 && d === 0))
    return utf32(bytes, 'little');
  if (a === 0xff || b === 0) return withoutBom(utf16.little.decode(bytes));
  if (a === 0xfe || a === 0) return withoutBom(utf16.big.decode(bytes));
  return utf8(bytes, 0);
}

const utf16 = {
  little: new TextDecoder('utf-16le', { ignoreBOM: true }),
  big: new TextDecoder('utf-16be', { ignoreBOM: true }),
};

function utf8(bytes: Uint8Array, from: number): string {
  return Buffer.prototype.utf8Slice.call(bytes, from, bytes.length);
}

function utf32(bytes: Uint8Array, order: 'little' | 'big'): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, order === 'little');
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return withoutBom(text);
}

const withoutBom = (text: string): string => (text.charCodeAt(0) === BOM ? text.slice(1) : text);
