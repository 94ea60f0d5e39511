import { memberOf } from './chatlog/literal-value.ts';
import type { SafeLines } from './print-lines.ts';
import { EventSplitter, eventData } from './sse.ts';

/** Reads what is said out of an event stream as it passes: the first choice of a chat or completion, or a response. */
export class LiveText {
  private readonly splitter = new EventSplitter();
  private readonly take = (event: Uint8Array): void => this.event(event);
  private isCalling = false;

  constructor(private readonly lines: SafeLines) {}

  /** @param piece - read at once, not kept */
  chunk(piece: Uint8Array): void {
    this.splitter.feed(piece, this.take);
  }

  end(): void {
    const rest = this.splitter.rest();
    if (rest !== undefined) this.event(rest);
    if (this.isCalling) this.lines.chunk(')');
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
    this.say(memberOf(delta, 'content') ?? memberOf(delta, 'refusal') ?? memberOf(first, 'text'));
    const calls = memberOf(delta, 'tool_calls');
    for (const call of Array.isArray(calls) ? calls : [delta])
      this.call(memberOf(call, 'function') ?? memberOf(call, 'function_call'));
  }

  private responseEvent(type: string, data: unknown): void {
    if (/^response\.(?:output_text|refusal|function_call_arguments)\.delta$/.test(type))
      this.say(memberOf(data, 'delta'));
    else if (type === 'response.output_item.added') this.call(memberOf(data, 'item'));
  }

  /** Its name comes once, its arguments bit by bit. */
  private call(called: unknown): void {
    const name = memberOf(called, 'name');
    if (typeof name === 'string' && name !== '') {
      this.lines.chunk(`${this.isCalling ? ') ' : ''}${name}(`);
      this.isCalling = true;
    }
    this.say(memberOf(called, 'arguments'));
  }

  private say(text: unknown): void {
    if (typeof text === 'string' && text !== '') this.lines.chunk(text);
  }
}

function parsed(event: Uint8Array): unknown {
  try {
    return JSON.parse(eventData(event) ?? '');
  } catch {
    return undefined;
  }
}
