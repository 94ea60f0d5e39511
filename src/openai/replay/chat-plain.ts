import { messagesIn } from '../events.ts';
import { addItems, addText, emptyFields, objectOf, setMember, setSame } from '../json.ts';
import type { Fields } from '../json.ts';
import { addName, isJson, ToolCalls } from './tool-calls.ts';
import { gathered, type Joining, loosely } from './gathered.ts';

/**
 * A chat completion put together from its stream; undefined when that holds none.
 * @throws for what can't be joined
 */
export function chatPlain(text: string, { isStrict, parse }: Joining = loosely): Fields | undefined {
  return gathered(messagesIn(text, parse), 'chat.completion', () => new Choice(isStrict), isStrict);
}

/** Members of a delta that are known to be text in pieces. */
const growingMember = /^(?:content|refusal|text)$|reasoning|thinking|thought/;
/** Lists in a delta that are known to grow, by an item or by a piece of one. */
const growingList = /^(?:annotations|images|citations)$|reasoning|thinking|thought/;
/** Members of a choice that say something else each time: of that event's text alone. */
const filterMember = /^content_filter/;

/** One choice as it grows. */
class Choice {
  private readonly fields: Fields;
  private readonly message = emptyFields();
  private readonly calls: ToolCalls;
  /** The whole message, which some servers send beside the deltas. */
  private said: Fields | undefined;

  constructor(private readonly isStrict: boolean) {
    this.calls = new ToolCalls(isStrict);
    this.fields = emptyFields();
    this.fields.index = 0;
    this.fields.message = this.message;
  }

  add(chunk: Fields): void {
    const { fields, isStrict } = this;
    for (const name in chunk) {
      const value = chunk[name];
      if (name === 'delta') this.addDelta(objectOf(value) ?? {});
      else if (name === 'message') this.said = objectOf(value) ?? this.said;
      else if (name === 'index') setMember(fields, name, value);
      else if (name === 'logprobs') addLogprobs(fields, value);
      else if (Array.isArray(value) && (!isStrict || name === 'token_ids')) addItems(fields, name, value);
      else (isStrict && !filterMember.test(name) ? setSame : setMember)(fields, name, value);
    }
  }

  finish(): Fields {
    const { message, calls, said } = this;
    if (said) this.compare(said);
    message.role ??= 'assistant';
    if ('tool_calls' in message && calls.isUsed)
      message.tool_calls = calls.finish(this.fields.finish_reason === 'length');
    this.checkCall(message.function_call);
    // Upstream says null where the model said nothing but something else; a stream begins with "" all the same.
    const saysElse = calls.size > 0 || message.function_call || message.refusal || message.audio;
    if (message.content === undefined || (message.content === '' && saysElse)) message.content = null;
    return this.fields;
  }

  /** The whole message must be what its deltas come to; without deltas it is all there is. */
  private compare(said: Fields): void {
    const { message } = this;
    if (this.isStrict && message.content && message.content !== said.content)
      throw new TypeError('the message is not what its deltas say');
    for (const name in said) if (!(name in message) || name === 'content') message[name] = said[name];
  }

  private checkCall(call: unknown): void {
    const args = objectOf(call)?.arguments;
    if (this.isStrict && typeof args === 'string' && !isJson(args) && this.fields.finish_reason !== 'length')
      throw new TypeError('the arguments of a call are not whole');
  }

  private addDelta(delta: Fields): void {
    const { message } = this;
    for (const name in delta) {
      const value = delta[name];
      if (name === 'content' && typeof value !== 'string' && value !== null)
        throw new TypeError('content in parts can not be joined');
      if (name === 'role') setMember(message, name, value);
      else if (name === 'tool_calls') this.addCalls(value);
      else if (name === 'function_call') addParts(message, name, value, ['arguments']);
      else if (name === 'audio') this.addAudio(value);
      else if (Array.isArray(value)) this.addList(name, value);
      else if (growingMember.test(name)) addText(message, name, value);
      else this.addUnknown(name, value);
    }
  }

  private addAudio(value: unknown): void {
    const before = objectOf(this.message.audio)?.data;
    const more = objectOf(value)?.data;
    if (typeof before === 'string' && before.endsWith('=') && typeof more === 'string' && more !== '')
      throw new TypeError('padded base64 can not be joined');
    addParts(this.message, 'audio', value, ['data', 'transcript']);
  }

  private addList(name: string, value: readonly unknown[]): void {
    const before = this.message[name];
    const isSecond = Array.isArray(before) && before.length > 0 && value.length > 0;
    // Items with an index say themselves which of them goes on.
    const isUnsure = this.isStrict && isSecond && !growingList.test(name);
    if (isUnsure && !value.every((item) => typeof objectOf(item)?.index === 'number'))
      throw new TypeError(`${name} may be whole or more of it`);
    addIndexed(this.message, name, value);
  }

  /** A text may be whole each time, or a piece. */
  private addUnknown(name: string, value: unknown): void {
    const { message, isStrict } = this;
    if (!isStrict) return addText(message, name, value);
    if (
      typeof value === 'string' &&
      value !== '' &&
      typeof message[name] === 'string' &&
      message[name] !== ''
    )
      throw new TypeError(`${name} may be whole or a piece`);
    setSame(message, name, value);
  }

  private addCalls(value: unknown): void {
    setMember(this.message, 'tool_calls', value);
    if (Array.isArray(value)) this.calls.add(value);
  }
}

/** Adds to an object that comes in parts: some members are text that grows, the others come whole. */
function addParts(target: Fields, name: string, value: unknown, growing: readonly string[]): void {
  const parts = objectOf(value);
  if (!parts) return setMember(target, name, value);
  const whole = (objectOf(target[name]) ?? (target[name] = emptyFields())) as Fields;
  for (const part in parts) {
    if (growing.includes(part)) addText(whole, part, parts[part]);
    else if (part === 'name') addName(whole, parts[part]);
    else setMember(whole, part, parts[part]);
  }
}

function addLogprobs(choice: Fields, value: unknown): void {
  const logprobs = objectOf(value);
  if (!logprobs) return setMember(choice, 'logprobs', value);
  const whole = (objectOf(choice.logprobs) ?? (choice.logprobs = emptyFields())) as Fields;
  for (const name in logprobs) addItems(whole, name, logprobs[name]);
}

/** Text in an item that grows; its other members come whole. */
const growingText: ReadonlySet<string> = new Set([
  'text',
  'summary',
  'data',
  'thinking',
  'content',
  'signature',
]);

/** Adds items to an array: to the one that has the same index and type, else at its end. */
function addIndexed(target: Fields, name: string, value: readonly unknown[]): void {
  if (!Array.isArray(target[name])) target[name] = [];
  const items = target[name] as unknown[];
  for (const item of value) {
    const fields = objectOf(item);
    const same =
      fields && (fields.index === undefined ? growingBlock(items, fields) : findSame(items, fields));
    if (same) addToItem(same as Fields, fields!);
    else items.push(fields ? Object.assign(emptyFields(), fields) : item);
  }
}

/**
 * The last item, when a block of thinking goes on in it: those come without an index. A signature ends a block, and
 * blocks that are encrypted come whole.
 */
function growingBlock(items: readonly unknown[], fields: Fields): unknown {
  const last = objectOf(items.at(-1));
  const isBlock =
    typeof fields.type === 'string' && /^(?!redacted).*(?:thinking|reasoning)/.test(fields.type);
  if (!last || !isBlock || last.type !== fields.type || last.index !== undefined) return undefined;
  if (fields.type === 'reasoning.encrypted') return undefined;
  if (fields.id && last.id && fields.id !== last.id) return undefined;
  return last.signature && (fields.thinking || fields.text) ? undefined : last;
}

/** Items that may still grow, at most: the last ones. More would make a long stream cost its square. */
const MOST_GROWING = 128;

function findSame(items: readonly unknown[], fields: Fields): unknown {
  const least = Math.max(0, items.length - MOST_GROWING);
  for (let at = items.length - 1; at >= least; at--) if (isSame(items[at], fields)) return items[at];
  return undefined;
}

function isSame(item: unknown, fields: Fields): boolean {
  const other = objectOf(item);
  return other !== undefined && other.index === fields.index && other.type === fields.type;
}

function addToItem(item: Fields, fields: Fields): void {
  for (const name in fields) {
    if (growingText.has(name)) addText(item, name, fields[name]);
    else setMember(item, name, fields[name]);
  }
}
