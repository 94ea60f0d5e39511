import { canonicalText } from './canonical-text.ts';

/** What a request asks, so far as the answer depends on it. */
export interface Question {
  /** JSON of everything that shapes the answer: the same for two bodies that differ in key order, white space, escapes. */
  readonly canonical: string;
  /** As the body names it, else `''`. */
  readonly model: string;
  /** Asked for as events. */
  readonly stream: boolean;
  /** The stream shall end with its usage (`stream_options.include_usage`). */
  readonly includeUsage: boolean;
  /** One of the two is neither true nor false: servers differ in what they make of "true" or 1. */
  readonly isUnclear?: true;
}

/** Members of the body itself that say how the answer comes, or for whom, but not what it says. */
const leftOut: ReadonlySet<string> = new Set(['stream', 'stream_options', 'caching', 'user', 'metadata']);

/** A BOM goes by unseen, as servers take it. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a request body. Never throws.
 * @returns undefined when it is not one JSON object in valid UTF-8, or nested deeper than 200 levels
 */
export function readQuestion(bytes: Uint8Array): Question | undefined {
  try {
    const text = utf8.decode(bytes);
    const body: unknown = JSON.parse(text);
    if (!isFields(body)) return undefined;
    const { model, stream, stream_options: options } = body;
    const isClear = isFlag(stream) && (!isFields(options) || isFlag(options.include_usage));
    return {
      canonical: canonicalText(text, leftOut),
      model: typeof model === 'string' ? model : '',
      stream: stream === true,
      includeUsage: isFields(options) && options.include_usage === true,
      ...(!isClear && { isUnclear: true as const }),
    };
  } catch {
    return undefined;
  }
}

/** True, false, or not said. */
function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || value === undefined || value === null;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
