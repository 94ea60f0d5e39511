import type { MockRequest } from './requests.ts';

/** What a request asks of the mock upstream; every field has a default. */
export interface Wish {
  /** SSE events before `[DONE]`. */
  chunks: number;
  /** Milliseconds between events; 0: one event a turn of the event loop. */
  interval: number;
  /** Milliseconds before the first byte. */
  delay: number;
  status: number;
  /** Bytes of content (of each event, for SSE); 0: a usual small answer. */
  size: number;
  /** Answer with the request's own head, to see what a proxy made of it. */
  echo: boolean;
  stream: boolean;
  /** A last event of a stream has `usage`; JSON answers always do. */
  usage: boolean;
}

const open = '[[';
const close = ']]';
/** How far into a body a wish is looked for: it stands at the start of a prompt. */
const within = 2000;

/** A wish as the start of a prompt: not every proxy passes a query on, but all pass prompts. */
export function promptOf(wish: Partial<Wish>): string {
  const fields = Object.entries(wish).map(([name, value]) => `${name}=${value}`);
  return fields.length === 0 ? '' : open + fields.join('&') + close;
}

/** A wish with all its fields. */
export function completeWish(wish: Partial<Wish>): Wish {
  return { ...wishFrom('', false), ...wish };
}

const known = new Map<string, Wish>();
/** Wishes are few, but a client may put what it likes into its query. */
const most = 1000;

/** Reads the wish from a request's query and the start of its prompt. */
export function wishOf({ target, body }: MockRequest): Wish {
  const mark = target.indexOf('?');
  const start = body.slice(0, within);
  const from = start.indexOf(open);
  const to = from < 0 ? -1 : start.indexOf(close, from);
  const text = `${mark < 0 ? '' : target.slice(mark + 1)}&${to < 0 ? '' : start.slice(from + open.length, to)}`;
  const stream = isStream(start) || (body.length > within && isStream(body));
  const key = stream ? `${text} stream` : text;
  if (known.size > most) known.clear();
  return known.getOrInsertComputed(key, () => wishFrom(text, stream));
}

function isStream(body: string): boolean {
  return body.includes('"stream":true') || body.includes('"stream": true');
}

function wishFrom(text: string, stream: boolean): Wish {
  const query = new URLSearchParams(text);
  const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise);
  return {
    chunks: number('chunks', 50),
    interval: number('interval', 0),
    delay: number('delay', 0),
    status: number('status', 200),
    size: number('size', 0),
    echo: query.has('echo'),
    usage: query.has('usage'),
    stream,
  };
}
