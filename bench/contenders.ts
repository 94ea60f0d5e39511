import { join } from 'node:path';
import { clientKey, requestBody } from './load.ts';
import { freePort, start, untilListening } from './processes.ts';
import type { Child } from './processes.ts';
import { problemOf } from './sse-client.ts';

/** One way from the load to the mock upstream. `direct` has no process of its own. */
export interface Contender {
  name: 'direct' | 'haproxy' | 'aifd';
  port: number;
  child?: Child;
}

const realKey = 'sk-bench-9876543210';

/** The names that `--contenders` takes. */
export const names: readonly Contender['name'][] = ['direct', 'haproxy', 'aifd'];

/**
 * Starts the wanted contenders; haproxy only when it is on PATH.
 *
 * @param folder for configs and logs.
 * @throws Error when one does not listen, after the others were stopped.
 */
export async function startContenders(
  wanted: readonly string[],
  upstream: number,
  folder: string,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  try {
    if (wanted.includes('direct')) contenders.push({ name: 'direct', port: upstream });
    if (wanted.includes('haproxy') && Bun.which('haproxy'))
      contenders.push(await startHaproxy(upstream, folder));
    if (wanted.includes('aifd')) contenders.push(await startAifd(upstream, folder));
  } catch (error) {
    for (const contender of contenders) await contender.child?.stop();
    throw error;
  }
  return contenders;
}

async function startHaproxy(upstream: number, folder: string): Promise<Contender> {
  const port = freePort();
  const config = join(folder, 'haproxy.cfg');
  await Bun.write(config, haproxyConfig(port, upstream));
  const child = start(['haproxy', '-db', '-f', config], { log: join(folder, 'haproxy.log') });
  await untilListening(port, 'haproxy');
  return { name: 'haproxy', port, child };
}

function haproxyConfig(port: number, upstream: number): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  http-request set-header Authorization "Bearer ${realKey}"
  server s 127.0.0.1:${upstream}
`;
}

async function startAifd(upstream: number, folder: string): Promise<Contender> {
  const port = freePort();
  const main = join(import.meta.dir, '../src/cli/main.ts');
  const child = start([process.execPath, main, 'run', '--port', String(port)], {
    // An empty folder: the `.env` of the project must not take part.
    cwd: folder,
    log: join(folder, 'aifd.log'),
    env: {
      HOST: '127.0.0.1',
      OPENAI_BASE_URL: `http://127.0.0.1:${upstream}`,
      OPENAI_API_KEY: realKey,
      FORWARD_KEY: clientKey,
      SHUTDOWN_TIMEOUT: '1',
    },
  });
  await untilListening(port, 'aifd').catch(async (error: Error) => {
    await child.stop();
    const said = await Bun.file(join(folder, 'aifd.log.err')).text();
    throw new Error(`${error.message}\n${said.slice(-2000)}`);
  });
  return { name: 'aifd', port, child };
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
