import { word } from './upstreams.ts';

/** How often each kind of traffic was sent, and what came of it. */
export interface Tally {
  sent: number;
  /** It ended as its kind must. */
  right: number;
  /** The target had no place for it in time. */
  queue: number;
  /** The client left. */
  left: number;
  /** Answered from the cache. */
  hits: number;
}

/** What an answer came to. */
type End = 'right' | 'queue' | 'left' | { wrong: string };

interface Call {
  port: number;
  key: string;
  tally: Tally;
}

const questions = 300;
const MEGABYTE = 1_000_000;
const LEAVES_WITHIN_MS = 80;

/** Every kind, with how often it is sent beside the others. */
const kinds = {
  json: [4, (call: Call) => plain(call, '/well', body(''))],
  stream: [4, (call: Call) => stream(call, 20)],
  left: [4, (call: Call) => stream(call, 60, Math.random() * LEAVES_WITHIN_MS)],
  cache: [6, cached],
  'large answer': [1, (call: Call) => plain(call, `/well`, body(''), MEGABYTE)],
  'large question': [1, (call: Call) => plain(call, '/well', body('y'.repeat(MEGABYTE)))],
  'upload left': [1, uploadLeft],
  refused: [1, (call: Call) => failing(call, '/refused', 502)],
  reset: [1, (call: Call) => failing(call, '/reset', 502)],
  silent: [1, (call: Call) => failing(call, '/silent', 504)],
  stalled: [1, (call: Call) => failing(call, '/stalled', undefined)],
  websocket: [1, webSocket],
} as const satisfies Record<string, readonly [weight: number, send: (call: Call) => Promise<End>]>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as KindName[];
const lots = kindNames.flatMap((name) => Array.from({ length: kinds[name][0] }, () => name));

export type Tallies = Record<KindName, Tally>;

export function newTallies(): Tallies {
  const empty: Tally = { sent: 0, right: 0, queue: 0, left: 0, hits: 0 };
  return Object.fromEntries(kindNames.map((name) => [name, { ...empty }])) as Tallies;
}

/** One client of mixed traffic, one request after the other, until `until` (ms since the epoch). */
export async function mix(
  key: string,
  port: number,
  until: number,
  tallies: Tallies,
  problems: string[],
): Promise<void> {
  for (;;) {
    await Bun.sleep(Math.random() * 400);
    if (Date.now() >= until) return;
    const name = lots[Math.floor(Math.random() * lots.length)]!;
    const tally = tallies[name];
    tally.sent++;
    const [, send] = kinds[name];
    const end = await send({ port, key, tally }).catch((error: unknown) => ({ wrong: String(error) }));
    if (typeof end === 'string') tally[end]++;
    else problems.push(`${name}: ${end.wrong}`);
  }
}

const body = (content: string, streams = false): string =>
  JSON.stringify({ model: 'soak', messages: [{ role: 'user', content: `hi ${content}` }], stream: streams });

function post(
  { port, key }: Call,
  path: string,
  text: string | ReadableStream<Uint8Array>,
  signal: AbortSignal = AbortSignal.timeout(30_000),
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: text,
    signal,
  });
}

const chat = (prefix: string, query = ''): string => `${prefix}/v1/chat/completions${query}`;

/** Places are few, and a target that does not answer holds them. */
function isQueue(response: Response, text: string): boolean {
  return (
    (response.status === 429 || response.status === 503) &&
    /"code":"(?:concurrency_limit_exceeded|overloaded)"/.test(text)
  );
}

async function plain(call: Call, prefix: string, question: string, size = 400): Promise<End> {
  const response = await post(call, chat(prefix, `?size=${size}`), question);
  const text = await response.text();
  if (isQueue(response, text)) return 'queue';
  const length = response.ok ? /"content":"(x*)"/.exec(text)?.[1]?.length : undefined;
  return length === size ? 'right' : wrong(response, text);
}

async function stream(call: Call, events: number, leaveAfter?: number): Promise<End> {
  const leaving = new AbortController();
  const timer = leaveAfter === undefined ? undefined : setTimeout(() => leaving.abort(), leaveAfter);
  try {
    const response = await post(call, chat('/well', `?events=${events}`), body('', true), leaving.signal);
    const text = await response.text();
    if (isQueue(response, text)) return 'queue';
    const isWhole = text.split(word).length - 1 === events && text.endsWith('data: [DONE]\n\n');
    return isWhole ? 'right' : wrong(response, text);
  } catch (error) {
    if (leaving.signal.aborted) return 'left';
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** One of few questions, in either form: most are answered from the cache. */
async function cached(call: Call): Promise<End> {
  const streams = Math.random() < 0.5;
  // Few are asked often, many seldom.
  const number = Math.floor(questions * Math.random() ** 2);
  const response = await post(call, chat('/cached'), body(`question ${number}`, streams));
  const text = await response.text();
  if (isQueue(response, text)) return 'queue';
  const status = response.headers.get('cache-status') ?? '';
  if (/;\s*hit/.test(status)) call.tally.hits++;
  // Which form was kept decides on the words, but not on the form that was asked for.
  const isRight = streams
    ? text.endsWith('data: [DONE]\n\n') && /hello|xxx/.test(text)
    : /"content":"(?:x{400}|(?:hello ){10})"/.test(text);
  return response.ok && status !== '' && isRight ? 'right' : wrong(response, text);
}

/** A large body whose client goes away in the middle of it. */
async function uploadLeft(call: Call): Promise<End> {
  const leaving = new AbortController();
  const pieces = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(2);
      controller.enqueue(new Uint8Array(16_384).fill(0x20));
    },
  });
  setTimeout(() => leaving.abort(), Math.random() * LEAVES_WITHIN_MS);
  try {
    const response = await post(call, chat('/well'), pieces, leaving.signal);
    const text = await response.text();
    return isQueue(response, text) ? 'queue' : wrong(response, text);
  } catch {
    return 'left';
  }
}

/** A target that does not answer, or breaks off: an error must reach the client, and never a clean end. */
async function failing(call: Call, prefix: string, status: number | undefined): Promise<End> {
  const leaving = Math.random() < 0.2 ? Math.random() * LEAVES_WITHIN_MS : 30_000;
  let response: Response;
  try {
    response = await post(call, chat(prefix), body('', true), AbortSignal.timeout(leaving));
  } catch {
    return 'left';
  }
  try {
    const text = await response.text();
    if (isQueue(response, text)) return 'queue';
    return response.status === status ? 'right' : wrong(response, text);
  } catch {
    return leaving < 30_000 ? 'left' : 'right';
  }
}

function wrong(response: Response, text: string): End {
  return { wrong: `${response.status} ${text.slice(0, 150)} … ${text.slice(-80)} (${text.length})` };
}

/** A WebSocket that says some things, hears them again, and goes, in order or not. */
async function webSocket({ port, key }: Call): Promise<End> {
  const options = { headers: { authorization: `Bearer ${key}` } } as unknown as string[];
  const socket = new WebSocket(`ws://127.0.0.1:${port}/well/v1/realtime`, options);
  const { promise, resolve } = Promise.withResolvers<End>();
  const timer = setTimeout(() => resolve({ wrong: 'no echo within 30 s' }), 30_000);
  const said = Array.from({ length: 5 }, (_, i) => String(i).repeat(1 + Math.floor(Math.random() * 20_000)));
  let heard = 0;
  let isOpen = false;
  socket.addEventListener('open', () => {
    isOpen = true;
    said.forEach((text) => socket.send(text));
  });
  socket.addEventListener('message', ({ data }) => {
    if (data !== said[heard++]) resolve({ wrong: `another message than the ${heard}th` });
    else if (heard === said.length) resolve('right');
  });
  // Without a place there is no handshake.
  socket.addEventListener('close', () => resolve(isOpen ? { wrong: `closed after ${heard}` } : 'queue'));
  const end = await promise;
  clearTimeout(timer);
  if (Math.random() < 0.5) socket.close();
  else (socket as unknown as { terminate(): void }).terminate();
  return end;
}
