import { isJson, itemsOf, type Layout, layOut, layoutOf, layouts, membersOf } from './recording-json.ts';

/** A body of a recording that can't be read; the message goes after the name of its field. */
export class BadBody extends Error {
  override readonly name = 'BadBody';
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A body as a value of the recording, in the first of these forms that gives back its very bytes: `null` when it is
 * empty, `{"json": …}` with `layout` where it is not compact and `newline` where one follows, `{"events": [ … ]}`,
 * `{"text": "…"}`, `{"base64": "…"}`.
 *
 * @param margin stands before each of its lines but the first
 */
export function writeBody(bytes: Uint8Array, isEvents: boolean, margin: string): string {
  if (bytes.length === 0) return 'null';
  const inner = `${margin}  `;
  const members = formOf(bytes, isEvents, inner);
  return `{\n${members.map((line) => inner + line).join(',\n')}\n${margin}}`;
}

function formOf(bytes: Uint8Array, isEvents: boolean, margin: string): string[] {
  const text = textOf(bytes);
  if (text === undefined) {
    const { buffer, byteOffset, length } = bytes;
    return [`"base64": "${Buffer.from(buffer, byteOffset, length).toString('base64')}"`];
  }
  if (isEvents) return [writeEvents(text, margin)];
  return writeJson(text, margin) ?? [`"text": ${JSON.stringify(text)}`];
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function writeJson(text: string, margin: string): string[] | undefined {
  const hasNewline = text.endsWith('\n');
  const json = hasNewline ? text.slice(0, -1) : text;
  if (!isJson(json)) return undefined;
  const layout = layoutOf(json);
  const shown = layout && layOut(json, 'indent 2', margin);
  if (shown === undefined) return undefined;
  return [
    ...(layout === 'compact' ? [] : [`"layout": "${layout}"`]),
    ...(hasNewline ? ['"newline": true'] : []),
    `"json": ${shown}`,
  ];
}

/** An event that is one line of JSON is that JSON: a text in it can be read and edited. */
function writeEvents(text: string, margin: string): string {
  const events = text.match(/[^]*?(?:\n\n|\r\n\r\n|\r\r)[\r\n]*|[^]+$/g) ?? [];
  const lines = events.map((event) => `${margin}  ${jsonOf(event) ?? JSON.stringify(event)}`);
  return `"events": [\n${lines.join(',\n')}\n${margin}]`;
}

function jsonOf(event: string): string | undefined {
  const json = /^data: (\{.*\})\n\n$/.exec(event)?.[1];
  return json !== undefined && isJson(json) && layOut(json, 'compact') === json ? json : undefined;
}

/**
 * The bytes of what {@link writeBody} made, or a person changed.
 *
 * @param json valid JSON
 * @throws {@link BadBody}
 */
export function readBody(json: string): Buffer {
  if (json === 'null') return Buffer.alloc(0);
  if (!json.startsWith('{')) throw new BadBody('is neither null nor an object');
  const members = new Map(membersOf(json));
  const form = (['json', 'events', 'text', 'base64'] as const).filter((name) => members.has(name));
  if (form.length !== 1) throw new BadBody('holds not just one of json, events, text and base64');
  const value = members.get(form[0]!)!;
  const also = form[0] === 'json' ? ['layout', 'newline'] : [];
  const strange = [...members.keys()].find((name) => name !== form[0] && !also.includes(name));
  if (strange !== undefined) throw new BadBody(`has a field ${JSON.stringify(strange)}, which there is not`);
  if (form[0] === 'json') return readJson(value, members);
  if (form[0] === 'events') return Buffer.from(readEvents(value));
  return form[0] === 'text' ? Buffer.from(stringOf(value, 'text')) : readBase64(value);
}

function readJson(value: string, members: ReadonlyMap<string, string>): Buffer {
  const layout: unknown = JSON.parse(members.get('layout') ?? '"compact"');
  if (!layouts.includes(layout as Layout)) throw new BadBody(`layout is none of ${layouts.join(', ')}`);
  const newline: unknown = JSON.parse(members.get('newline') ?? 'false');
  if (typeof newline !== 'boolean') throw new BadBody('newline is neither true nor false');
  const text = layOut(value, layout as Layout);
  if (text === undefined) throw new BadBody('json is nested too deep: put it into text');
  return Buffer.from(newline ? `${text}\n` : text);
}

function readEvents(value: string): string {
  if (!value.startsWith('[')) throw new BadBody('events is no list');
  let events = '';
  for (const item of itemsOf(value)) {
    const json = item.startsWith('{') ? layOut(item, 'compact') : undefined;
    events += json === undefined ? stringOf(item, 'an event') : `data: ${json}\n\n`;
  }
  return events;
}

function stringOf(json: string, what: string): string {
  const text: unknown = JSON.parse(json);
  if (typeof text !== 'string') throw new BadBody(`${what} is no string`);
  // It would become U+FFFD without a word.
  if (!text.isWellFormed()) throw new BadBody(`${what} holds half a surrogate pair`);
  return text;
}

function readBase64(value: string): Buffer {
  const text = stringOf(value, 'base64');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new BadBody('base64 is damaged');
  return bytes;
}
