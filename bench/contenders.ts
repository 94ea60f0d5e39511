import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { clientKey, requestBody } from './load.ts';
import { freePort, launchAifd, start, untilListening } from './processes.ts';
import type { Child } from './processes.ts';
import { problemOf } from './sse-client.ts';

/** The names that `--contenders` takes, in the order of the table. */
export const names = [
  'direct',
  'haproxy',
  'haproxy+nodelay',
  'aifd',
  'aifd+limits',
  'aifd+redis',
  'aifd+cache',
] as const;
export type Name = (typeof names)[number];

/** One way from the load to the mock upstream. `direct` has no process of its own. */
export interface Contender {
  name: Name;
  port: number;
  child?: Child;
  /** What it needs beside it, whose CPU is not its own. */
  helper?: Child;
}

const realKey = 'sk-bench-9876543210';

/** So much that nothing is ever refused: what is measured is the counting. */
const hugeLimit = JSON.stringify({ '/v1/chat/completions': '1000000000/day' });

/** The wanted contenders that this machine has the programs for. */
export function available(wanted: readonly Name[]): Name[] {
  return wanted.filter((name) => {
    if (name.startsWith('haproxy')) return Bun.which('haproxy') !== null;
    return name !== 'aifd+redis' || Bun.which('redis-server') !== null;
  });
}

/**
 * Starts the wanted contenders, all of them {@link available}.
 *
 * @param folder for configs, logs and windows.
 * @throws Error when one does not listen, after the others were stopped.
 */
export async function startContenders(
  wanted: readonly Name[],
  upstream: number,
  folder: string,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  try {
    for (const name of wanted) contenders.push(await startOne(name, upstream, folder));
  } catch (error) {
    await stopContenders(contenders);
    throw error;
  }
  return contenders;
}

/** Ends their processes. */
export async function stopContenders(contenders: readonly Contender[]): Promise<void> {
  for (const { child, helper } of contenders) {
    await child?.stop();
    await helper?.stop();
  }
}

async function startOne(name: Name, upstream: number, folder: string): Promise<Contender> {
  if (name === 'direct') return { name, port: upstream };
  if (name === 'haproxy') return startHaproxy(name, '', upstream, folder);
  if (name === 'haproxy+nodelay') return startHaproxy(name, '  option http-no-delay\n', upstream, folder);
  if (name === 'aifd') return startAifd(name, {}, upstream, folder);
  const dataDir = await mkdtemp(join(folder, 'data-'));
  const cache = { CACHE_CHAT_COMPLETION: 'true', CACHE_BACKEND: 'LMDB', DATA_DIR: dataDir };
  if (name === 'aifd+cache') return startAifd(name, cache, upstream, folder);
  const limits = { REQ_RATE_LIMIT: hugeLimit, DATA_DIR: dataDir };
  if (name === 'aifd+limits') return startAifd(name, limits, upstream, folder);
  const redis = await startRedis(folder);
  try {
    const backend = { ...limits, RATE_LIMIT_BACKEND: redis.url, RATE_LIMIT_ON_ERROR: 'closed' };
    return { ...(await startAifd(name, backend, upstream, folder)), helper: redis.child };
  } catch (error) {
    await redis.child.stop();
    throw error;
  }
}

/** A redis-server that keeps nothing on disk. */
async function startRedis(folder: string): Promise<{ url: string; child: Child }> {
  const port = freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = start(['redis-server', ...options, '--dir', folder], { log: join(folder, 'redis.log') });
  await untilListening(port, 'redis-server').catch(async (error: Error) => {
    await child.stop();
    throw error;
  });
  return { url: `redis://127.0.0.1:${port}`, child };
}

/** @param more lines for the `defaults` section */
async function startHaproxy(name: Name, more: string, upstream: number, folder: string): Promise<Contender> {
  const port = freePort();
  const config = join(folder, `${name}.cfg`);
  await Bun.write(config, haproxyConfig(port, upstream, more));
  const child = start(['haproxy', '-db', '-f', config], { log: join(folder, `${name}.log`) });
  await untilListening(port, name).catch(async (error: Error) => {
    await child.stop();
    throw error;
  });
  return { name, port, child };
}

function haproxyConfig(port: number, upstream: number, more: string): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
${more}frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  http-request set-header Authorization "Bearer ${realKey}"
  server s 127.0.0.1:${upstream}
`;
}

async function startAifd(
  name: Name,
  env: Record<string, string>,
  upstream: number,
  folder: string,
): Promise<Contender> {
  const full = {
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream}`,
    OPENAI_API_KEY: realKey,
    FORWARD_KEY: clientKey,
    SHUTDOWN_TIMEOUT: '1',
    LOG_LEVEL: 'warn',
    ...env,
  };
  return { name, ...(await launchAifd(name, full, folder)) };
}

/**
 * Checks that a contender swaps the key and that its answers are those of the upstream.
 *
 * @returns the JSON answer that each request of the load must get.
 * @throws Error that names the contender and what differs.
 */
export async function check(contender: Contender): Promise<string> {
  const echo = await ask(contender, '?echo=1', false);
  const key = contender.name === 'direct' ? clientKey : realKey;
  const { head, bodyLength } = (await echo.json()) as { head: string; bodyLength: number };
  if (!/^authorization: (.*)$/im.exec(head)?.[1]?.startsWith(`Bearer ${key}`)) {
    throw new Error(`${contender.name} sent another key upstream`);
  }
  if (bodyLength !== requestBody(false).length)
    throw new Error(`${contender.name} changed the request's body`);
  const sse = await (await ask(contender, '?chunks=5', true)).text();
  const framed = `HTTP/1.1 200\r\n\r\n${sse.length.toString(16)}\r\n${sse}\r\n0\r\n\r\n`;
  const problem = problemOf(framed, 5);
  if (problem) throw new Error(`${contender.name} answered a stream with ${problem}`);
  return (await ask(contender, '', false)).text();
}

async function ask(contender: Contender, query: string, stream: boolean): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${contender.port}/v1/chat/completions${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` },
    body: requestBody(stream),
    signal: AbortSignal.timeout(10_000),
    // A connection left in the pool would take one of haproxy's 4,000 places.
    keepalive: false,
  });
  if (response.ok) return response;
  throw new Error(`${contender.name} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}
