import { exactJson, isEventStream } from './recording.ts';
import { eventData, EventSplitter } from '../../openai/sse.ts';
import type { Entry } from '../../store/entries/store.ts';
import { safeText } from '../../text/terminal.ts';
import { size } from './words.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes as a person reads them: compact JSON indented, other text as it is, else the size. Safe for a terminal. */
export function readable(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)';
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return `(${size(bytes.length)}, not text: --raw gives them)`;
  }
  const json = exactJson(text);
  return safeText(json === undefined ? text : JSON.stringify(json, undefined, 2));
}

/**
 * What a chat said, each choice for itself, put together when it came as events.
 * @returns undefined for an answer that is no chat
 */
export function chatText({ headers, body }: Entry): string | undefined {
  const said = new Map<number, string>();
  for (const chunk of isEventStream(headers) ? dataOf(body) : [Buffer.from(body).toString()])
    for (const { index, text } of choicesOf(chunk)) said.set(index, (said.get(index) ?? '') + text);
  if (said.size === 0) return undefined;
  const choices = [...said].toSorted(([a], [b]) => a - b);
  const shown =
    choices.length === 1 ? [choices[0]![1]] : choices.map(([index, text]) => `[${index}] ${text}`);
  return safeText(shown.join('\n'));
}

function dataOf(body: Uint8Array): string[] {
  const splitter = new EventSplitter();
  const all: string[] = [];
  splitter.feed(body, (event) => all.push(eventData(event) ?? ''));
  return all;
}

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function* choicesOf(json: string): Generator<{ index: number; text: string }> {
  const answer = parsed(json);
  if (!isFields(answer) || !Array.isArray(answer['choices'])) return;
  for (const choice of answer['choices'] as unknown[]) {
    if (!isFields(choice)) continue;
    // Of a chat, of a chat's stream, of a plain completion.
    const part = [choice['message'], choice['delta'], choice].find(isFields)!;
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0;
    yield {
      index,
      text: textOf(part['content']) + textOf(part['refusal']) + textOf(part['text']) + callsOf(part),
    };
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `name(arguments)`, which a stream brings in pieces. */
function callsOf(part: Fields): string {
  const calls = Array.isArray(part['tool_calls']) ? (part['tool_calls'] as unknown[]) : [];
  return calls
    .map((call) => (isFields(call) && isFields(call['function']) ? call['function'] : {}))
    .map((called) => (textOf(called['name']) && `\n${textOf(called['name'])} `) + textOf(called['arguments']))
    .join('');
}
