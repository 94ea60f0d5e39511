import { messagesIn } from './events.ts';
import { addItems, addText, emptyFields, objectOf, setMember } from './json.ts';
import type { Fields } from './json.ts';
import { ToolCalls } from './tool-calls.ts';
import { gathered } from './gathered.ts';

/** A chat completion put together from its stream; undefined when that holds none. @throws for what can't be joined */
export function chatPlain(text: string): Fields | undefined {
  return gathered(messagesIn(text), 'chat.completion', () => new Choice());
}

/** One choice as it grows. */
class Choice {
  private readonly fields: Fields;
  private readonly message = emptyFields();
  private readonly calls = new ToolCalls();

  constructor() {
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
      else addText(message, name, value);
    }
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
const growingText: ReadonlySet<string> = new Set(['text', 'summary', 'data', 'thinking', 'content']);

/** Adds items to an array: to the one that has the same index and type, else at its end. */
function addIndexed(target: Fields, name: string, value: readonly unknown[]): void {
  if (!Array.isArray(target[name])) target[name] = [];
  const items = target[name] as unknown[];
  for (const item of value) {
    const fields = objectOf(item);
    const same = fields?.index === undefined ? undefined : findSame(items, fields);
    if (same) addToItem(same as Fields, fields!);
    else items.push(fields ? Object.assign(emptyFields(), fields) : item);
  }
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
