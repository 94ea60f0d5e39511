import { Chunks, choicesOf, unfinished } from './chunks.ts';
import { objectOf, without } from '../json.ts';
import type { Fields } from '../json.ts';
import { base64Pieces, piecesOf, tokenPieces, tokensIn } from './pieces.ts';

/** A plain chat completion as the events in which it would have been sent; undefined when it can't be. */
export function chatEvents(answer: Fields, includeUsage: boolean): string | undefined {
  const choices = choicesOf(answer);
  if (!choices) return undefined;
  const chunks = new Chunks(answer, 'chat.completion.chunk', includeUsage);
  for (const { index, choice } of choices) {
    const message = objectOf(choice.message);
    if (!message) return undefined;
    // Content in parts has no streamed form that clients agree on.
    if (objectOf(message.content) || Array.isArray(message.content)) return undefined;
    new ChoiceEvents(chunks, index, choice, message).write();
  }
  return chunks.finish();
}

/** Members of a message that are written in a way of their own. */
const known: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
]);

/** The events of one choice. */
class ChoiceEvents {
  private readonly logprobs: Fields | undefined;
  private readonly others: readonly (readonly [string, unknown])[];

  constructor(
    private readonly chunks: Chunks,
    private readonly index: number,
    private readonly choice: Fields,
    private readonly message: Fields,
  ) {
    this.logprobs = objectOf(choice.logprobs);
    this.others = Object.entries(message).filter(([name, value]) => !known.has(name) && value !== null);
  }

  write(): void {
    const { message, others } = this;
    this.first();
    // A model reasons before it speaks.
    for (const [name, value] of others) if (isReasoning(name)) this.other(name, value);
    this.spoken('content');
    this.spoken('refusal');
    this.audio();
    if (Array.isArray(message.tool_calls))
      message.tool_calls.forEach((call, index) => this.call(call, index));
    this.functionCall();
    for (const [name, value] of others) if (!isReasoning(name)) this.other(name, value);
    this.last();
  }

  private first(): void {
    const { message, logprobs } = this;
    const delta: Fields = { role: message.role ?? 'assistant' };
    if ('content' in message) delta.content = typeof message.content === 'string' ? '' : null;
    for (const name in message) if (name !== 'content' && message[name] === null) delta[name] = null;
    if (typeof message.refusal === 'string') delta.refusal = null;
    if (Array.isArray(message.tool_calls) && message.tool_calls.length === 0) delta.tool_calls = [];
    this.delta(delta, logprobs && emptied(logprobs));
  }

  /** Content or refusal, with its logprobs. */
  private spoken(name: 'content' | 'refusal'): void {
    const { message, logprobs } = this;
    const text = message[name];
    const entries = logprobs?.[name];
    if (!Array.isArray(entries) || entries.length === 0) {
      if (typeof text === 'string' && (text !== '' || name === 'refusal')) this.text(name, text);
      return;
    }
    const spoken = typeof text === 'string' ? text : '';
    const pieces = tokenPieces(spoken, tokensIn(entries));
    const piece = (delta: Fields, some: unknown): void =>
      this.delta(delta, { content: null, refusal: null, [name]: some });
    for (const { text: part, start, end } of pieces ?? []) piece({ [name]: part }, entries.slice(start, end));
    if (pieces) return;
    // Tokens that are not the text one by one come with its first piece.
    const [begin, ...rest] = piecesOf(spoken);
    piece(typeof text === 'string' ? { [name]: begin } : {}, entries);
    for (const part of rest) this.delta({ [name]: part });
  }

  private audio(): void {
    const audio = objectOf(this.message.audio);
    if (!audio) return;
    this.delta({ audio: without(audio, ['data', 'transcript', 'expires_at']) });
    const { data, transcript } = audio;
    if (typeof transcript === 'string')
      for (const piece of piecesOf(transcript)) this.delta({ audio: { transcript: piece } });
    if (typeof data === 'string')
      for (const piece of base64Pieces(data)) this.delta({ audio: { data: piece } });
    if ('expires_at' in audio) this.delta({ audio: { expires_at: audio.expires_at } });
  }

  private call(value: unknown, index: number): void {
    const call = objectOf(value);
    if (!call) throw new TypeError('a tool call is no object');
    const called = objectOf(call.function);
    const custom = objectOf(call.custom);
    const first: Fields = { index, ...without(call, ['index']) };
    if (called) first.function = begun(called, 'arguments');
    if (custom) first.custom = begun(custom, 'input');
    this.delta({ tool_calls: [first] });
    for (const piece of growing(called?.arguments))
      this.delta({ tool_calls: [{ index, function: { arguments: piece } }] });
    for (const piece of growing(custom?.input))
      this.delta({ tool_calls: [{ index, custom: { input: piece } }] });
  }

  private functionCall(): void {
    const call = objectOf(this.message.function_call);
    if (!call) return;
    this.delta({ function_call: begun(call, 'arguments') });
    for (const piece of growing(call.arguments)) this.delta({ function_call: { arguments: piece } });
  }

  /** A member that OpenAI does not know: what is reasoning comes in pieces, anything else in one. */
  private other(name: string, value: unknown): void {
    if (typeof value === 'string' && isReasoning(name)) this.text(name, value);
    else this.delta({ [name]: value });
  }

  private text(name: string, text: string): void {
    for (const piece of piecesOf(text)) this.delta({ [name]: piece });
  }

  private delta(delta: Fields, logprobs?: Fields): void {
    const some = 'logprobs' in this.choice ? `,"logprobs":${JSON.stringify(logprobs ?? null)}` : '';
    const start = `{"index":${this.index},"delta":${JSON.stringify(delta)}`;
    this.chunks.add(`${start}${some}${unfinished(this.choice)}}`);
  }

  private last(): void {
    const { index, choice } = this;
    const others = without(choice, ['index', 'message', 'logprobs']);
    const logprobs = 'logprobs' in choice ? { logprobs: null } : {};
    this.chunks.add(JSON.stringify({ index, delta: {}, ...logprobs, ...others }));
  }
}

function isReasoning(name: string): boolean {
  return name.startsWith('reasoning') || name.startsWith('thinking');
}

/** A call without what comes in pieces. */
function begun(call: Fields, name: string): Fields {
  return typeof call[name] === 'string' ? { ...call, [name]: '' } : call;
}

function growing(text: unknown): string[] {
  return typeof text === 'string' && text !== '' ? piecesOf(text) : [];
}

/** The same logprobs before the first token. */
function emptied(logprobs: Fields): Fields {
  const entries = Object.entries(logprobs);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? [] : value]));
}
