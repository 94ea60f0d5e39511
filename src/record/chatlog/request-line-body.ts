import { formFields } from '../../openai/form.ts';
import { readJson } from './literal-json.ts';
import type { ReadJson } from '../../openai/passing.ts';
import type { RequestBody } from './request-line.ts';

/** Of a body that is not understood, characters that are written. */
const MOST_SHOWN = 65_536;

const none: RequestBody = { fields: undefined, text: undefined };

/**
 * Reads a request's body: JSON, or a form's text fields. Never throws.
 * @param json - what it is as JSON, where that was read already
 */
export function requestBody(bytes: Uint8Array | undefined, json?: ReadJson): RequestBody {
  if (bytes === undefined || bytes.length === 0) return none;
  if (bytes[0] === 0x2d && bytes[1] === 0x2d) return { fields: formFields(bytes), text: undefined };
  const text = json?.text ?? textOf(bytes);
  try {
    const fields = readJson(text, json?.value);
    return typeof fields === 'object' && fields !== null ? { fields, text: undefined } : shown(text);
  } catch {
    return shown(text);
  }
}

/** What is shown of bytes that are nothing we know. */
export function shownText(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function shown(text: string): RequestBody {
  // Compressed, or a file: that is nothing to read.
  return text.includes('\0') ? none : { fields: undefined, text: shownText(text) };
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.prototype.utf8Slice.call(bytes, 0, bytes.length);
}
