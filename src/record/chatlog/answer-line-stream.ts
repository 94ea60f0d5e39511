import { chatPlain } from '../../openai/replay/chat-plain.ts';
import { completionsPlain } from '../../openai/replay/completions.ts';
import { dataIn, eventsIn } from '../../openai/events.ts';
import type { Answer } from './answer-line.ts';
import { assembleResponse, assembleTranscript } from './answer-line-events.ts';
import { memberOf } from './literal-value.ts';
import type { LogKind } from './names.ts';

/** Puts a stream together, as far as it came; errors in it are kept apart. @throws for what can't be joined */
export function assembleStream(kind: LogKind, text: string): Answer {
  if (kind === 'response') return assembleResponse(text);
  if (kind === 'whisper') return assembleTranscript(text);
  const assemble = kind === 'chat' ? chatPlain : completionsPlain;
  const { events, error } = compacted(text);
  let plain: unknown;
  try {
    plain = assemble(events.join(''));
  } catch {
    // Nearly always the last event, which was cut.
    plain = assemble(events.filter(isReadable).join(''));
  }
  return { plain, error, text: undefined };
}

/** The beginning of a text that grows, and nothing else in its delta. */
const growing =
  /"(?:delta":\s?\{(?:"role":\s?"assistant",\s?)?"(?:content|reasoning_content|reasoning)|text)":\s?"/;
const padding = ',"obfuscation":"';

/**
 * Events in a row that differ in their piece of text only become one: the pieces joined, as JSON writes them. That saves
 * nearly all of the parsing. Errors are taken out.
 */
function compacted(text: string): { events: string[]; error: unknown } {
  const events: string[] = [];
  let error: unknown;
  let head: string | undefined;
  let tail = '';
  let pieces = '';
  const flush = (): void => {
    if (head !== undefined) events.push(head + pieces + tail);
    head = undefined;
  };
  for (const whole of eventsIn(text)) {
    const event = withoutPadding(whole);
    if (head !== undefined && event.startsWith(head) && event.endsWith(tail)) {
      const piece = event.slice(head.length, -tail.length);
      if (isInside(piece)) {
        pieces += piece;
        continue;
      }
    }
    flush();
    const found = event.includes('"error"') ? errorIn(event) : undefined;
    if (found !== undefined) {
      error ??= found;
      continue;
    }
    const match = growing.exec(event);
    const start = match ? match.index + match[0].length : -1;
    const end = start < 0 ? -1 : endOfText(event, start);
    if (end < 0 || !isPlain(event, end)) events.push(event);
    else {
      head = event.slice(0, start);
      pieces = event.slice(start, end);
      tail = event.slice(end);
    }
  }
  flush();
  return { events, error };
}

/** Random letters that some servers add to each event, so that its length tells nothing. */
function withoutPadding(event: string): string {
  const at = event.indexOf(padding);
  const end = at < 0 ? -1 : event.indexOf('"', at + padding.length);
  return end < 0 ? event : event.slice(0, at) + event.slice(end + 1);
}

const inside = /^(?:[^"\\]|\\.)*$/;

/** Nothing in it ends the text that it is a piece of. */
function isInside(piece: string): boolean {
  return (!piece.includes('"') && !piece.includes('\\')) || inside.test(piece);
}

function endOfText(event: string, start: number): number {
  for (let at = start; at < event.length; at++) {
    const unit = event.charCodeAt(at);
    if (unit === 0x22) return at;
    if (unit === 0x5c) at++;
  }
  return -1;
}

/** Whether joining such events loses nothing: none has logprobs, tool calls or an end. */
function isPlain(event: string, end: number): boolean {
  return event.startsWith('data:') && !event.includes('[{', end) && !event.includes('"finish_reason":"', end);
}

function errorIn(event: string): unknown {
  try {
    return memberOf(JSON.parse(dataIn(event) ?? ''), 'error') ?? undefined;
  } catch {
    return undefined;
  }
}

function isReadable(event: string): boolean {
  const data = dataIn(event)?.trim();
  if (!data || data === '[DONE]') return true;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}
