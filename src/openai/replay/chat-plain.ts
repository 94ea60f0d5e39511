import { messagesIn } from '../events.ts';
import { addItems, addText, emptyFields, objectOf, setMember } from '../json.ts';
import type { Fields } from '../json.ts';
import { ToolCalls } from './tool-calls.ts';
import { gathered } from './gathered.ts';

/**
 * A chat completion put together from its stream; undefined when that holds none.
 * @param isStrict - a member that may be a text in pieces or the same text each time can't be joined
 * @throws for what can't be joined
 */
export function chatPlain(text: string, isStrict = false): Fields | undefined {
  return gathered(messagesIn(text), 'chat.completion', () => new Choice(isStrict));
}

/** Members of a delta that are known to be text in pieces. */
const growingMember = /^(?:content|refusal|text)$|reasoning|thinking|thought/;

/** One choice as it grows. */
class Choice {
  private readonly fields: Fields;
  private readonly message = emptyFields();
  private readonly calls = new ToolCalls();

  constructor(private readonly isStrict: boolean) {
    this.fields = emptyFields();
    this.fields.index = 0;
    this.fields.message = this.message;
  }

  add(chunk: Fields): void {
    for (const name in chunk) {
      const value = chunk[name];
      if (name === 'delta') this.addDelta(objectOf(value) ?? {});
      else if (name === 'logprobs') addLogprobs(this.fields, value);
      else if (Array.isArray(value)) addItems(this.fields, name, value);
      else setMember(this.fields, name, value);
    }
  }

  finish(): Fields {
    const { message } = this;
    message.role ??= 'assistant';
    if ('tool_calls' in message && this.calls.isUsed) message.tool_calls = this.calls.finish();
    // Upstream says null where the model said nothing but something else; a stream begins with "" all the same.
    const saysElse = this.calls.size > 0 || message.function_call || message.refusal || message.audio;
    if (message.content === undefined || (message.content === '' && saysElse)) message.content = null;
    return this.fields;
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
      else if (name === 'audio') addParts(message, name, value, ['data', 'transcript']);
      else if (Array.isArray(value)) addIndexed(message, name, value);
      else if (this.isUnsure(name, value)) throw new TypeError(`${name} may be whole or a piece`);
      else addText(message, name, value);
    }
  }

  private isUnsure(name: string, value: unknown): boolean {
    const isTwice = typeof value === 'string' && typeof this.message[name] === 'string' && value !== '';
    return this.isStrict && isTwice && this.message[name] !== '' && !growingMember.test(name);
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

/** The last item, when a block of thinking goes on in it: those come without an index. A signature ends a block. */
function growingBlock(items: readonly unknown[], fields: Fields): unknown {
  const last = objectOf(items.at(-1));
  const isBlock = typeof fields.type === 'string' && /thinking|reasoning/.test(fields.type);
  if (!last || !isBlock || last.type !== fields.type || last.index !== undefined) return undefined;
  return last.signature && fields.thinking ? undefined : last;
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
