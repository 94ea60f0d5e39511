import type { Happening } from '../happening.ts';
import type { Line } from './lines.ts';
import { instant, localTime } from './lines-time.ts';
import { memberOf, othersOf } from './literal-value.ts';
import type { LogKind } from './names.ts';
import { shownUser } from '../../store/user-digest.ts';

/** A request's body as it was read: what it is made of, or its text where that is no object. */
export interface RequestBody {
  readonly fields: unknown;
  readonly text: string | undefined;
}

type Defaults = readonly (readonly [name: string, absent: unknown])[];

/** Those of the original, in its order, with what it writes where the request has none. */
const originals: Readonly<Record<LogKind, Defaults>> = {
  chat: [
    ['messages', null],
    ['model', null],
    ['stream', false],
    ['max_tokens', null],
    ['n', 1],
    ['temperature', 1],
    ['top_p', 1],
    ['logit_bias', null],
    ['frequency_penalty', 0],
    ['presence_penalty', 0],
    ['stop', null],
    ['user', null],
  ],
  completion: [
    ['prompt', null],
    ['model', null],
    ['stream', false],
    ['temperature', 1],
  ],
  embedding: [
    ['input', null],
    ['model', null],
    ['encoding_format', 'float'],
  ],
  // The original has no log of these.
  response: [
    ['input', null],
    ['model', null],
    ['stream', false],
    ['instructions', null],
    ['temperature', 1],
  ],
  whisper: [
    ['input', null],
    ['model', null],
  ],
};

/** Written by name after the original's, when sent: later versions of the original have them. */
const later = ['caching', 'response_format', 'seed', 'tools', 'tool_choice'];

const named: ReadonlyMap<LogKind, ReadonlySet<string>> = new Map(
  Object.entries(originals).map(([kind, fields]) => [
    kind as LogKind,
    new Set([
      ...fields.map(([name]) => name),
      ...later,
      ...(kind === 'chat' ? ['functions', 'function_call'] : []),
    ]),
  ]),
);

/** Writes what was asked, to where the outcome would follow. */
export function requestFields(
  line: Line,
  kind: LogKind,
  { fields, text }: RequestBody,
  { address, at }: Happening,
  uid: string,
): void {
  if (kind === 'chat' && isSaid(memberOf(fields, 'functions'))) {
    line.add('functions', memberOf(fields, 'functions'));
    line.add('function_call', memberOf(fields, 'function_call'));
  }
  for (const [name, absent] of originals[kind]) {
    const value = memberOf(fields, name);
    line.add(name, value === undefined ? absent : name === 'messages' ? withContents(value) : value);
  }
  line.add('ip', address).addOwn('uid', uid).addOwn('datetime', localTime(at));
  for (const name of later) {
    const value = memberOf(fields, name);
    if (value !== undefined) line.add(name, value);
  }
  line.addSome('others', othersOf(fields, named.get(kind)!, false));
  line.addSome('body', text);
}

/** What became of it, and where it belongs. */
export function outcomeFields(line: Line, happening: Happening): void {
  const { at, id, target, user, status, end, code, cache } = happening;
  // The original's `datetime` has no zone: who reads it elsewhere needs the instant.
  line.addOwn('time', instant(at)).add('id', id).addOwn('target', target);
  line.addOwn('key', user.startsWith('k:') ? shownUser(user).slice(2) : null);
  line.addOwn('status', status).addOwn('end', end);
  line.addSome('code', code).addSome('cache', cache);
}

/** As Python's `if functions`. */
function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}

/** Who reads the original's logs wants a `content` in each message; one with tool calls need not have it. */
function withContents(messages: unknown): unknown {
  if (!Array.isArray(messages) || !messages.some(lacksContent)) return messages;
  return messages.map((message: unknown) => {
    if (!lacksContent(message)) return message;
    if (message instanceof Map) return new Map([...(message as Map<unknown, unknown>), ['content', null]]);
    return { ...(message as object), content: null };
  });
}

function lacksContent(message: unknown): boolean {
  const isObject = typeof message === 'object' && message !== null && !Array.isArray(message);
  return isObject && memberOf(message, 'content') === undefined;
}
