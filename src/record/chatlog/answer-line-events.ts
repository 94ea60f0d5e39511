import { dataIn, eventsIn } from '../../openai/events.ts';
import { objectOf } from '../../openai/json.ts';
import type { Fields } from '../../openai/json.ts';
import { responsesPlain } from '../../openai/replay/responses-plain.ts';
import type { Answer } from './answer-line.ts';

/** Items of one response, at most: a damaged index must not make a million. */
const MOST_ITEMS = 10_000;

/** A response put together from its stream: from its last event, or as far as it came. */
export function assembleResponse(text: string): Answer {
  const completed = wholeResponse(text);
  if (completed) return { plain: completed, error: undefined, text: undefined };
  let response: Fields | undefined;
  let error: unknown;
  const items: Fields[] = [];
  for (const event of messages(text)) {
    const about = objectOf(event.response);
    if (about) response = about;
    if (event.type === 'error') error ??= event.error ?? event;
    else add(items, event);
  }
  error ??= response?.error ?? undefined;
  const whole = response?.output;
  // Realtime ends with `response.done`, which holds the whole output as its other events do.
  const output =
    Array.isArray(whole) && whole.length > 0 ? whole : items.filter((item) => item !== undefined);
  const plain = response || output.length > 0 ? { ...response, output } : undefined;
  return { plain, error, text: undefined };
}

function wholeResponse(text: string): Fields | undefined {
  try {
    return responsesPlain(text);
  } catch {
    return undefined;
  }
}

function add(items: Fields[], event: Fields): void {
  const index = event.output_index;
  if (typeof index !== 'number' || !(index >= 0 && index < MOST_ITEMS) || !Number.isInteger(index)) return;
  const item = objectOf(event.item);
  if (item) items[index] = { ...item };
  else if (typeof event.delta === 'string')
    addDelta((items[index] ??= { type: 'message' }), event, event.delta);
}

/** Where the text of a delta goes: into a part of a list, or a member of the item. */
function addDelta(item: Fields, event: Fields, delta: string): void {
  const type = String(event.type);
  if (type === 'response.output_text.delta')
    toPart(item, 'content', event.content_index, 'output_text', delta);
  else if (type === 'response.refusal.delta') toPart(item, 'content', event.content_index, 'refusal', delta);
  else if (type === 'response.reasoning_text.delta')
    toPart(item, 'content', event.content_index, 'reasoning_text', delta);
  else if (type === 'response.reasoning_summary_text.delta')
    toPart(item, 'summary', event.summary_index, 'summary_text', delta);
  else if (type.endsWith('_arguments.delta')) item.arguments = `${textIn(item.arguments)}${delta}`;
  else if (type.endsWith('_input.delta')) item.input = `${textIn(item.input)}${delta}`;
  else if (type.endsWith('_code.delta')) item.code = `${textIn(item.code)}${delta}`;
}

function toPart(item: Fields, list: string, index: unknown, type: string, delta: string): void {
  if (typeof index !== 'number' || !(index >= 0 && index < MOST_ITEMS) || !Number.isInteger(index)) return;
  if (!Array.isArray(item[list])) item[list] = [];
  const parts = item[list] as Fields[];
  while (parts.length <= index) parts.push({ type });
  const part = parts[index]!;
  const name = type === 'refusal' ? 'refusal' : 'text';
  part[name] = textIn(part[name]) + delta;
}

/** A transcription put together from its stream. */
export function assembleTranscript(text: string): Answer {
  let said = '';
  let plain: Fields | undefined;
  let error: unknown;
  for (const event of messages(text)) {
    if (event.type === 'transcript.text.done') plain = { text: event.text, usage: event.usage };
    // Of a WebSocket: one event is all of it.
    else if (typeof event.transcript === 'string') plain = { text: event.transcript, usage: event.usage };
    else if (typeof event.delta === 'string') said += event.delta;
    else if (event.type === 'error' || objectOf(event.error)) error ??= event.error ?? event;
  }
  return { plain: plain ?? { text: said }, error, text: undefined };
}

/** What events say, those that can be read. */
function* messages(text: string): Generator<Fields> {
  for (const event of eventsIn(text)) {
    const data = dataIn(event)?.trim();
    if (!data || data === '[DONE]') continue;
    try {
      const message = objectOf(JSON.parse(data));
      if (message) yield message;
    } catch {
      // The last one of a stream that was cut.
    }
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
