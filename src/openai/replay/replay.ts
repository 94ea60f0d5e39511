import { chatPlain } from './chat-plain.ts';
import { chatEvents } from './chat-stream.ts';
import { completionsEvents, completionsPlain } from './completions.ts';
import { tellsOfError } from '../error.ts';
import { textOf } from '../events.ts';
import type { Family } from '../family.ts';
import { formOf } from '../family.ts';
import { hasInexactNumber, objectOf, parseExactly } from '../json.ts';
import type { Fields } from '../json.ts';
import { responsesPlain } from './responses-plain.ts';
import { responsesEvents } from './responses-stream.ts';
import { asUsageAsked } from './usage-asked.ts';

/** An answer's body with its type. */
export interface Kept {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The form that a request asks for. */
export interface Wanted {
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/**
 * What is kept in the form that was asked for. A stream that stays one is left as it came, event for event, but for
 * the usage; numbers are written as they came (`1.0`, `12345678901234567890`).
 * @returns `kept` itself when nothing has to change; undefined when the form can't honestly be made of it: it is
 *   damaged, lacks the usage that was asked for, or is of a family that has one form only
 */
export function replayOf(family: Family, kept: Kept, want: Wanted): Kept | undefined {
  const form = formOf(kept.contentType);
  try {
    const isStream = form === 'stream';
    if (isStream && want.stream) return streamed(family, kept, want);
    if (!isStream && !want.stream) return kept;
    // The other form is written anew, and JavaScript would round some numbers. Reading them exactly takes six times as long.
    const parse = hasInexactNumber(kept.body) ? parseExactly : JSON.parse;
    if (isStream) return plain(family, kept, parse);
    return form === 'json' ? asStream(family, kept, want, parse) : undefined;
  } catch {
    // Nothing that was kept may harm a request: what can't be read is not there.
    return undefined;
  }
}

function streamed(family: Family, kept: Kept, want: Wanted): Kept | undefined {
  // Elsewhere nobody asks for usage: a response ends with it in any case.
  if (family !== 'chat' && family !== 'completions') return kept;
  const body = asUsageAsked(kept.body, want.includeUsage);
  if (body === kept.body) return kept;
  return body && { contentType: kept.contentType, body };
}

type Parse = (json: string) => unknown;

function plain(family: Family, { body }: Kept, parse: Parse): Kept | undefined {
  const answer = plainOf(family, textOf(body), parse);
  return answer && { contentType: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
}

function plainOf(family: Family, text: string, parse: Parse): Fields | undefined {
  if (family === 'chat') return chatPlain(text, { isStrict: true, parse });
  if (family === 'completions') return completionsPlain(text, { isStrict: true, parse });
  return family === 'responses' ? responsesPlain(text, parse) : undefined;
}

function asStream(family: Family, { body }: Kept, { includeUsage }: Wanted, parse: Parse): Kept | undefined {
  if (family === 'embeddings' || family === 'other') return undefined;
  const answer = objectOf(parse(textOf(body)));
  if (!answer || tellsOfError(answer)) return undefined;
  const events = eventsOf(family, answer, includeUsage);
  if (events === undefined) return undefined;
  return { contentType: 'text/event-stream; charset=utf-8', body: Buffer.from(events) };
}

function eventsOf(family: Family, answer: Fields, includeUsage: boolean): string | undefined {
  if (family === 'responses') return responsesEvents(answer);
  return family === 'chat' ? chatEvents(answer, includeUsage) : completionsEvents(answer, includeUsage);
}
