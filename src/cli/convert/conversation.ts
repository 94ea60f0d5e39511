import { jsonTextWithin, readJsonExactly } from '../../gateway/record/chatlog/literal-json.ts';
import { readLiteral } from '../../gateway/record/chatlog/literal-read.ts';
import { pythonLiteral } from '../../gateway/record/chatlog/literal.ts';
import type { Value } from '../../gateway/record/chatlog/literal-value.ts';

/** Half of a conversation, as it is written: the members of a JSON object, indented. */
export interface Half {
  readonly uid: string;
  readonly kind: 'request' | 'answer';
  readonly members: string;
}

/** Spaces before the members of one conversation in the array. */
const SPACES = 4;

type Fields = ReadonlyMap<Value, Value>;

/**
 * Reads a line of a chat log in either format.
 *
 * @param full - all that the line has, as it is; else what the original's `convert` makes of it, and nothing more
 * @throws Error that says what is wrong with the line
 */
export function halfOf(line: string, full: boolean): Half {
  const fields = fieldsOf(line);
  const uid = fields.get('uid');
  if (typeof uid !== 'string') throw new TypeError('it has no uid');
  const kind = isTruthy(fields.get('messages')) || fields.has('messages') ? 'request' : 'answer';
  if (full) return { uid, kind, members: member(kind, new Map(fields)) };
  return { uid, kind, members: (kind === 'request' ? requestMembers : answerMembers)(fields) };
}

/** A conversation as it stands in the array. */
export function conversation(request: Half, answer: Half): string {
  return `  {\n${request.members},\n${answer.members}\n  }`;
}

function fieldsOf(line: string): Fields {
  const value = line.trimStart().startsWith('{"') ? jsonOrLiteral(line) : readLiteral(line);
  if (!(value instanceof Map)) throw new TypeError('it is no dict');
  return value;
}

function jsonOrLiteral(line: string): Value {
  try {
    return readJsonExactly(line);
  } catch {
    return readLiteral(line);
  }
}

function requestMembers(fields: Fields): string {
  const ip = fields.get('ip');
  return [
    member('datetime', fields.get('datetime')),
    member('ip', isTruthy(ip) ? ip : fields.get('forwarded-for')),
    member('model', fields.get('model')),
    member('temperature', fields.has('temperature') ? fields.get('temperature') : 1),
    member('messages', messagesOf(fields.get('messages'))),
    member('functions', fields.get('functions')),
  ].join(',\n');
}

function answerMembers(fields: Fields): string {
  const isCall = member('is_function_call', fields.get('is_function_call'));
  const assistant = fields.has('assistant') ? shown(fields.get('assistant')!) : undefined;
  return `${isCall},\n${member('assistant', assistant)}`;
}

/** `{role: content}` each; null when one has no such members, as with the original. */
function messagesOf(messages: Value | undefined): Value {
  if (!Array.isArray(messages)) return null;
  const converted: Value[] = [];
  for (const message of messages) {
    const role = message instanceof Map ? message.get('role') : undefined;
    const content = message instanceof Map ? message.get('content') : undefined;
    if (role === undefined || content === undefined) return null;
    converted.push(new Map<Value, Value>([[role, shown(content)]]));
  }
  return converted;
}

/** As Python's `str`: content that is no text is told as a literal. */
function shown(value: Value): string {
  return typeof value === 'string' ? value : pythonLiteral(value);
}

function member(name: string, value: Value | undefined): string {
  return `${' '.repeat(SPACES)}"${name}": ${jsonTextWithin(value, 2, SPACES)}`;
}

/** As in Python. */
function isTruthy(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value instanceof Map ? value.size > 0 : Boolean(value);
}
