import type { Happening } from '../happening.ts';
import type { Line } from './lines.ts';
import { memberOf, othersOf } from './literal-value.ts';
import type { LogKind } from './names.ts';

/** An answer as it was read, put together where it came as a stream. */
export interface Answer {
  /** Plain, as if it had not been streamed; undefined when the model said nothing that could be read. */
  readonly plain: unknown;
  /** Of its own, or from within the stream. */
  readonly error: unknown;
  /** The body, where it is neither. */
  readonly text: string | undefined;
}

/** Writes what was answered in the original's form, then all it leaves out. */
export function answerFields(line: Line, kind: LogKind, { plain, error }: Answer, uid: string): void {
  writers[kind](line, plain, uid);
  line.addSome('answer_id', memberOf(plain, 'id'));
  if (kind !== 'embedding')
    line.addSome('model', memberOf(plain, 'model')).addSome('usage', memberOf(plain, 'usage'));
  line.addSome('others', othersOf(plain, known, true));
  line.addSome('error', error);
}

/** How it ended. */
export function endFields(line: Line, { status, end, answer, durationMs, firstByteMs }: Happening): void {
  line.addOwn('status', status).addOwn('end', end);
  // Whole for the client, and too large for us.
  if (end === 'whole' && answer?.whole === false) line.add('truncated', true);
  line.add('ms', Math.round(durationMs));
  if (firstByteMs !== undefined) line.add('first_byte_ms', Math.round(firstByteMs));
}

const known: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'created_at',
  'model',
  'usage',
  'choices',
  'output',
  'text',
  'data',
  'error',
]);

const writers: Readonly<Record<LogKind, (line: Line, plain: unknown, uid: string) => void>> = {
  chat: chatFields,
  completion: completionFields,
  embedding: embeddingFields,
  response: responseFields,
  whisper: (line, plain, uid) => void line.add('text', memberOf(plain, 'text')).addOwn('uid', uid),
};

function chatFields(line: Line, plain: unknown, uid: string): void {
  const [first, ...rest] = listOf(memberOf(plain, 'choices'));
  const message = memberOf(first, 'message');
  const content = memberOf(message, 'content');
  const refusal = memberOf(message, 'refusal');
  const call = memberOf(message, 'function_call');
  const calls = listOf(memberOf(message, 'tool_calls'));
  const isCall = call !== undefined && call !== null;
  const isTools = !isCall && calls.length > 0;
  line.add('assistant', isCall ? call : isTools ? calls : (content ?? refusal ?? ''));
  line.add('is_function_call', isCall).addOwn('uid', uid).add('is_tool_calls', isTools);
  if ((isCall || isTools) && content !== '') line.addSome('content', content);
  if (isCall && calls.length > 0) line.add('tool_calls', calls);
  line.addSome('refusal', refusal);
  line.addSome('reasoning', memberOf(message, 'reasoning_content') ?? memberOf(message, 'reasoning'));
  line.addSome('message', othersOf(message, knownOfMessage, true));
  choiceFields(line, first, rest);
}

const knownOfMessage: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'function_call',
  'tool_calls',
  'reasoning_content',
  'reasoning',
]);

function choiceFields(line: Line, first: unknown, rest: readonly unknown[]): void {
  line.add('finish_reason', memberOf(first, 'finish_reason'));
  line.addSome('choice', othersOf(first, knownOfChoice, true));
  if (rest.length > 0) line.add('choices', rest);
}

const knownOfChoice: ReadonlySet<string> = new Set(['index', 'message', 'text', 'finish_reason']);

function completionFields(line: Line, plain: unknown, uid: string): void {
  const [first, ...rest] = listOf(memberOf(plain, 'choices'));
  line.add('text', memberOf(first, 'text') ?? '').addOwn('uid', uid);
  choiceFields(line, first, rest);
}

/** The vectors are not written: who wants them has the cache. */
function embeddingFields(line: Line, plain: unknown, uid: string): void {
  const data = listOf(memberOf(plain, 'data'));
  const vector = memberOf(data[0], 'embedding');
  line.add('object', memberOf(plain, 'object')).add('usage', memberOf(plain, 'usage'));
  line.add('model', memberOf(plain, 'model')).addOwn('uid', uid).add('vectors', data.length);
  if (Array.isArray(vector)) line.add('dimensions', vector.length);
}

function responseFields(line: Line, plain: unknown, uid: string): void {
  const output = listOf(memberOf(plain, 'output'));
  const calls = output.filter((item) => String(memberOf(item, 'type')).endsWith('_call'));
  const said = output.flatMap((item) => listOf(memberOf(item, 'content'))).map(spoken);
  const text = said.join('');
  line.add('assistant', text === '' && calls.length > 0 ? calls : text).add('is_function_call', false);
  line
    .addOwn('uid', uid)
    .add('is_tool_calls', text === '' && calls.length > 0)
    .add('output', output);
}

function spoken(part: unknown): string {
  const isRefusal = memberOf(part, 'type') === 'refusal';
  // Sound has its words beside it.
  const text = isRefusal
    ? memberOf(part, 'refusal')
    : (memberOf(part, 'text') ?? memberOf(part, 'transcript'));
  return typeof text === 'string' && memberOf(part, 'type') !== 'reasoning_text' ? text : '';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
