import { memberOf } from '../chatlog/literal-value.ts';

/**
 * What the user said last, of a request or of a log's request line: the last user message of a chat, a prompt, an input.
 * Images and their like are named in brackets.
 */
export function questionOf(request: unknown): string {
  const messages = memberOf(request, 'messages') ?? memberOf(request, 'input');
  if (Array.isArray(messages)) {
    const last =
      messages.findLast((item) => memberOf(item, 'role') === 'user') ?? messages.findLast(isMessage);
    if (last !== undefined) return textOf(memberOf(last, 'content'));
  }
  return textOf(messages ?? memberOf(request, 'prompt'));
}

function isMessage(item: unknown): boolean {
  return memberOf(item, 'role') !== undefined;
}

/** A text, or the parts of one. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value
    .map(partText)
    .filter((text) => text !== '')
    .join(' ');
}

function partText(part: unknown): string {
  if (typeof part === 'string') return part;
  const text = memberOf(part, 'text');
  if (typeof text === 'string') return text;
  const type = memberOf(part, 'type');
  return typeof type === 'string' ? `[${type}]` : '';
}

/** What was answered, of a log's answer line: text, or calls of tools as `name(arguments)`, a line each. */
export function answerOf(answer: unknown): string {
  const said = memberOf(answer, 'assistant') ?? memberOf(answer, 'text');
  if (typeof said === 'string') return said;
  const calls = Array.isArray(said) ? said : said === undefined || said === null ? [] : [said];
  return calls.map(callText).join('\n');
}

function callText(call: unknown): string {
  const called = memberOf(call, 'function') ?? memberOf(call, 'custom') ?? call;
  const [name, given] = [
    memberOf(called, 'name'),
    memberOf(called, 'arguments') ?? memberOf(called, 'input'),
  ];
  return typeof name === 'string' ? `${name}(${typeof given === 'string' ? given : ''})` : '';
}
