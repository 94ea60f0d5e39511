import { jsonText, jsonTextWithin } from '../../record/chatlog/literal-json.ts';
import { pythonLiteral } from '../../record/chatlog/literal.ts';
import { memberOf } from '../../record/chatlog/literal-value.ts';
import { type Fields, readFields } from '../chatlog/fields.ts';

/** Half of a conversation, as it is written: the members of a JSON object, indented. */
export interface Half {
  readonly uid: string;
  readonly isRequest: boolean;
  readonly members: string;
}

/** Spaces before the members of one conversation in the array. */
const SPACES = 4;
const INDENT = ' '.repeat(SPACES);

/**
 * Reads a line of a chat log in either format.
 *
 * @param full - all that the line has, as it is; else what the original's `convert` makes of it, and nothing more
 * @throws Error that says what is wrong with the line
 */
export function halfOf(line: string, full: boolean): Half {
  const { uid, isRequest, fields } = readFields(line);
  const name = isRequest ? 'request' : 'answer';
  if (full) return { uid, isRequest, members: member(name, fields) };
  return { uid, isRequest, members: (isRequest ? requestMembers : answerMembers)(fields) };
}

/** A conversation as it stands in the array. */
export function conversation(request: Half, answer: Half): string {
  return `  {\n${request.members},\n${answer.members}\n  }`;
}

function requestMembers(fields: Fields['fields']): string {
  const ip = memberOf(fields, 'ip');
  const temperature = memberOf(fields, 'temperature');
  return [
    member('datetime', memberOf(fields, 'datetime')),
    member('ip', isTruthy(ip) ? ip : memberOf(fields, 'forwarded-for')),
    member('model', memberOf(fields, 'model')),
    member('temperature', temperature === undefined ? 1 : temperature),
    `${INDENT}"messages": ${messagesText(memberOf(fields, 'messages'))}`,
    member('functions', memberOf(fields, 'functions')),
  ].join(',\n');
}

function answerMembers(fields: Fields['fields']): string {
  const isCall = member('is_function_call', memberOf(fields, 'is_function_call'));
  const assistant = memberOf(fields, 'assistant');
  return `${isCall},\n${member('assistant', assistant === undefined ? undefined : shown(assistant))}`;
}

/** `{role: content}` each; null when one has no such members, as with the original. */
function messagesText(messages: unknown): string {
  if (!Array.isArray(messages)) return 'null';
  let text = '';
  for (const message of messages) {
    const role = memberOf(message, 'role');
    const content = memberOf(message, 'content');
    if (role === undefined || content === undefined) return 'null';
    const name = jsonText(typeof role === 'string' ? role : jsonText(role));
    text += `${text === '' ? '' : ','}\n      {\n        ${name}: ${jsonText(shown(content))}\n      }`;
  }
  return text === '' ? '[]' : `[${text}\n${INDENT}]`;
}

/** As Python's `str`: content that is no text is told as a literal. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : pythonLiteral(value);
}

function member(name: string, value: unknown): string {
  const isNested = typeof value === 'object' && value !== null;
  return `${INDENT}"${name}": ${isNested ? jsonTextWithin(value, 2, SPACES) : jsonText(value)}`;
}

/** As in Python. */
function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
