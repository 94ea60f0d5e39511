import { memberOf } from '../chatlog/literal-value.ts';
import type { SafeLines } from './print-lines.ts';
import { LiveParts } from './print-parts.ts';
import { EventSplitter, eventData } from '../../openai/sse.ts';

/** Bytes of a stream that are read; a small one that is encoded may be large when it is not. */
const MOST_READ = 16 * 1024 * 1024;

/** Events with a piece of text; those of Realtime have the words of its sound, too. */
const saidDeltas: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.text.delta',
  'response.output_audio_transcript.delta',
  'response.audio_transcript.delta',
]);

/** Bytes of an event that is parsed: more would take over 10 ms where nothing but names is in it. */
const MOST_PARSED = 128 * 1024;

/** Reads what is said out of an event stream as it passes: the first choice of a chat or completion, or a response. */
export class LiveText {
  private readonly splitter = new EventSplitter();
  private readonly take = (event: Uint8Array): void => this.event(event);
  private readonly parts: LiveParts;
  private read = 0;

  constructor(private readonly lines: SafeLines) {
    this.parts = new LiveParts((text) => lines.chunk(text));
  }

  /** @param piece - read at once, not kept */
  chunk(piece: Uint8Array): void {
    this.read += piece.length;
    if (this.read <= MOST_READ) this.splitter.feed(piece, this.take);
  }

  end(): void {
    const rest = this.splitter.rest();
    if (rest !== undefined) this.event(rest);
    this.parts.end();
    this.lines.end();
  }

  private event(event: Uint8Array): void {
    const data = parsed(event);
    const type = memberOf(data, 'type');
    if (typeof type === 'string') return this.responseEvent(type, data);
    const choices = memberOf(data, 'choices');
    const first = Array.isArray(choices)
      ? choices.find((each) => (memberOf(each, 'index') ?? 0) === 0)
      : undefined;
    const delta = memberOf(first, 'delta');
    this.parts.text(
      'text',
      textIn(memberOf(delta, 'content') ?? memberOf(delta, 'refusal') ?? memberOf(first, 'text')),
    );
    const calls = memberOf(delta, 'tool_calls');
    if (Array.isArray(calls)) for (const call of calls) this.call(`call ${indexIn(call, 'index')}`, call);
    else this.call('function', memberOf(delta, 'function_call'));
  }

  private responseEvent(type: string, data: unknown): void {
    const item = `item ${indexIn(data, 'output_index')}`;
    const piece = textIn(memberOf(data, 'delta'));
    if (saidDeltas.has(type)) this.parts.text(`${item} ${indexIn(data, 'content_index')}`, piece);
    else if (/^response\.(?:function_call_arguments|custom_tool_call_input)\.delta$/.test(type))
      this.parts.call(item, { name: '', id: '', given: piece });
    else if (type === 'response.output_item.added') this.call(item, memberOf(data, 'item'));
    else if (type === 'response.output_item.done') this.parts.over(item);
  }

  /** Its name comes once, its arguments bit by bit. */
  private call(key: string, call: unknown): void {
    const called = memberOf(call, 'function') ?? memberOf(call, 'custom') ?? call;
    const name = textIn(memberOf(called, 'name'));
    const given = textIn(memberOf(called, 'arguments') ?? memberOf(called, 'input'));
    if (name !== '' || given !== '') this.parts.call(key, { name, id: textIn(memberOf(call, 'id')), given });
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function indexIn(value: unknown, name: string): number {
  const index = memberOf(value, name);
  return typeof index === 'number' ? index : 0;
}

function parsed(event: Uint8Array): unknown {
  if (event.length > MOST_PARSED) return undefined;
  try {
    return JSON.parse(eventData(event) ?? '');
  } catch {
    return undefined;
  }
}
