import { estimateTokens } from '../../src/openai/usage/estimate.ts';
import { eventContent, reportedTokens } from '../upstream/answers.ts';
import { paths } from './limits.ts';
import type { Route } from './limits.ts';

/** From and to, both included. */
export type Range = readonly [number, number];

/** What a client knows of one request. Times are milliseconds since the epoch. */
export interface Entry {
  id: string;
  route: Route;
  sent: number;
  /** When the answer's head was here. */
  answered: number;
  /** `left`: the client went before there was an answer. */
  verdict: 'passed' | 'limited' | 'queue' | 'left' | 'broken';
  /** What remains of each window, by the answer. */
  remaining: number[];
  /** Tokens reserved on entry, and tokens that it cost in the end. */
  reserved: number;
  used: Range;
  problem?: string;
}

/** One user: a key, and the journal of its requests. */
export interface User {
  key: string;
  /** One request at a time: their order is known, and so the verdict on each. */
  isSequential: boolean;
  journal: Entry[];
}

const maxTokens = 100;
/** Requests that a parallel user sends at once: more than its places. */
const burst = 6;
const pauseMs = { sequential: 500, parallel: 3000 };
const quarter = 4;

/** Sends requests as this user until `until` (ms since the epoch). */
export async function live(user: User, port: number, until: number): Promise<void> {
  const pause = user.isSequential ? pauseMs.sequential : pauseMs.parallel;
  for (;;) {
    // Evenly spread around the mean, the first too: users don't come in step.
    await Bun.sleep(Math.random() * 2 * pause);
    if (Date.now() >= until) return;
    const some = Array.from({ length: user.isSequential ? 1 : burst }, () => request(user, port));
    user.journal.push(...(await Promise.all(some)));
  }
}

let made = 0;

/** One request: JSON, a stream, a stream that is left midway; of a parallel user also one left at any time. */
async function request(user: User, port: number): Promise<Entry> {
  const route: Route = Math.random() < 0.25 ? 'embeddings' : 'chat';
  const id = String(++made);
  const dice = route === 'chat' ? Math.random() : 0;
  const isStream = dice > 0.45;
  const reportsUsage = dice < 0.75;
  const events = 5 + Math.floor(Math.random() * 20);
  const stopAfter = dice > 0.88 ? Math.floor(events / 2) : undefined;
  const leaves = !user.isSequential && Math.random() < 0.1;
  const query = isStream ? `&chunks=${events}${reportsUsage ? '&usage' : ''}` : `&delay=${5 + (made % 40)}`;
  const content = 'z'.repeat(40 + Math.floor(Math.random() * 200));
  const messages = [{ role: 'user', content }];
  const body = { model: 'soak', messages, max_tokens: maxTokens, stream: isStream };
  const { prompt, completion } = estimateTokens(body);
  const entry: Entry = {
    id,
    route,
    sent: Date.now(),
    answered: 0,
    verdict: 'left',
    remaining: [],
    reserved: prompt + completion,
    used: [0, Math.max(reportedTokens, prompt + streamed(events))],
  };
  const abort = new AbortController();
  const leaving = leaves ? setTimeout(() => abort.abort(), Math.random() * 100) : undefined;
  try {
    const response = await fetch(`http://127.0.0.1:${port}${paths[route]}?id=${id}${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${user.key}` },
      body: JSON.stringify(body),
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(30_000)]),
    });
    clearTimeout(leaving);
    entry.answered = Date.now();
    await judge(entry, response);
    if (entry.verdict !== 'passed') return entry;
    const came = await read(response, stopAfter, abort);
    if (came.stopped) {
      entry.used = [prompt + streamed(came.events), prompt + streamed(events)];
      // The gateway hears of it at once, but not before we do.
      await Bun.sleep(300);
    } else if (isStream && came.events !== events + (reportsUsage ? 1 : 0)) {
      entry.problem = `${came.events} events came instead of ${events}`;
    } else {
      const used = reportsUsage ? reportedTokens : prompt + streamed(events);
      entry.used = [used, used];
    }
  } catch (error) {
    clearTimeout(leaving);
    if (entry.answered > 0 || !abort.signal.aborted) entry.problem = String(error);
    entry.answered ||= Date.now();
  }
  return entry;
}

/** Tokens that an answer of so many events is counted for where it says nothing itself. */
function streamed(events: number): number {
  return Math.ceil((events * eventContent.length) / quarter);
}

async function judge(entry: Entry, response: Response): Promise<void> {
  const fields = response.headers.get('ratelimit') ?? '';
  entry.remaining = [...fields.matchAll(/;r=(\d+)/g)].map(([, count]) => Number(count));
  if (response.status === 200) {
    entry.verdict = 'passed';
    return;
  }
  const text = await response.text();
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? '';
  if (code === 'rate_limit_exceeded') entry.verdict = 'limited';
  else if (code === 'concurrency_limit_exceeded' || code === 'overloaded') entry.verdict = 'queue';
  else {
    entry.verdict = 'broken';
    entry.problem = `${response.status} ${text.slice(0, 200)}`;
  }
}

async function read(
  response: Response,
  stopAfter: number | undefined,
  abort: AbortController,
): Promise<{ events: number; stopped: boolean }> {
  let text = '';
  let events = 0;
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    events = text.split('data: {').length - 1;
    if (events >= (stopAfter ?? Infinity)) break;
  }
  const stopped = events >= (stopAfter ?? Infinity);
  if (stopped) abort.abort();
  return { events, stopped };
}
