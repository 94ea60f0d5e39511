import type { RequestBody } from '../body.ts';
import { type Fields, fieldsOf } from '../../openai/usage/usage-counts.ts';
import { memberText } from './events.ts';
import type { Turn } from './turn.ts';

/** An event that is longer is not parsed: that would hold up other clients. Bytes. */
const MOST_PARSED = 256 * 1024;
/** What is held of a conversation's input until the next turn, characters. */
const MOST_INPUT = 256 * 1024;
/** Base64 characters of audio to a token: 100 ms of 24 kHz PCM16, by OpenAI's price of user audio. */
const AUDIO_PER_TOKEN = 6_400;

const ITEM = 'conversation.item.create';
const AUDIO = 'input_audio_buffer.append';
const SESSION = 'session.update';
/** A server's event that is no part of a response, and may have usage of its own. */
export const TRANSCRIPT = 'conversation.item.input_audio_transcription.completed';

/** What is known of a Realtime conversation: its model, and what was said to it since the last turn. */
export class Conversation {
  /** Tokens that the model reads with the next turn: those of the last one, and what came since, estimated. */
  tokens = 0;
  private model: string;
  private transcriber = '';
  private input: unknown[] = [];
  private inputLength = 0;

  /** @param path - of the handshake: Realtime's query names the model */
  constructor(path: string) {
    this.model = new URLSearchParams(path.split('?', 2)[1]).get('model') ?? '';
  }

  /** A client's message that is no `response.create`. */
  clientSaid(message: string | Buffer): void {
    // Its first members: where the type stands otherwise, an estimate is missed and no more.
    const head = message.slice(0, 200).toString();
    if (head.includes(AUDIO)) this.tokens += message.length / AUDIO_PER_TOKEN;
    else if (head.includes(SESSION)) this.tokens += message.length / 4;
    else if (head.includes(ITEM)) {
      const item = parsedEvent(message)?.item;
      if (item !== undefined) this.add(item, message.length);
    }
  }

  /** A server's message that belongs to no response. */
  serverSaid(type: string, message: Buffer): void {
    if (type !== 'session.created' && type !== 'session.updated') return;
    const session = fieldsOf(parsedEvent(message)?.session);
    if (typeof session?.model === 'string') this.model = session.model;
    const input = fieldsOf(fieldsOf(session?.audio)?.input);
    const { model } = fieldsOf(input?.transcription ?? session?.input_audio_transcription) ?? {};
    if (typeof model === 'string') this.transcriber = model;
  }

  /** What the user said, as text. @param turn - the latest that is open */
  transcribed(message: Buffer, turn: Turn | undefined): void {
    const text = parsedEvent(message)?.transcript;
    if (typeof text !== 'string') return;
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
    // It comes late: what was said has often been answered by then.
    if (turn?.isRealtime) turn.request = withInput(turn.exchange.body, item);
    else this.add(item, 0);
  }

  /** The body of a request for a transcription. */
  transcription(): Uint8Array {
    return Buffer.from(JSON.stringify({ model: this.transcriber }));
  }

  /** The body of a request that stands for a `response.create`: the Responses API's event has a body's fields itself. */
  requestOf(event: Buffer): { body: Uint8Array; isRealtime: boolean } {
    const fields = memberText(event, 0, event.length, 'model', false) ? undefined : parsedEvent(event);
    const isRealtime = fields !== undefined && !('model' in fields) && !('input' in fields);
    if (!isRealtime) return { body: event, isRealtime };
    return { body: this.request(fieldsOf(fields.response)), isRealtime };
  }

  /** A Realtime response's request, as the Responses API would be sent it: with the input since the last one. */
  request(response: Fields = {}): Uint8Array {
    const own = Array.isArray(response.input) ? (response.input as unknown[]) : [];
    const input = [...this.input, ...own];
    this.input = [];
    this.inputLength = 0;
    return Buffer.from(JSON.stringify({ model: this.model, ...response, input }));
  }

  private add(item: unknown, length: number): void {
    this.tokens += length / 4;
    if (this.inputLength + length > MOST_INPUT) return;
    this.inputLength += length;
    this.input.push(item);
  }
}

function withInput(body: RequestBody, item: unknown): Uint8Array {
  const request = body.kind === 'bytes' ? parsedEvent(Buffer.from(body.bytes)) : undefined;
  const input = Array.isArray(request?.input) ? (request.input as unknown[]) : [];
  return Buffer.from(JSON.stringify({ ...request, input: [...input, item] }));
}

/** An event's fields; undefined for what is no JSON object, or is too long. Never throws. */
export function parsedEvent(message: string | Buffer): Fields | undefined {
  if (message.length > MOST_PARSED) return undefined;
  const text = typeof message === 'string' ? message : message.toString();
  try {
    return fieldsOf(JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text));
  } catch {
    return undefined;
  }
}
