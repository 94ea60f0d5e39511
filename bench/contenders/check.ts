import { clientKey, requestBody } from '../load/order.ts';
import { problemOf } from '../load/sse-client.ts';
import { realKey } from './contender.ts';
import type { Running } from './contender.ts';

/**
 * Checks that a contender swaps the key and that its answers are those of the upstream.
 *
 * @returns the JSON answer that each request of the load must get.
 * @throws Error that names the contender and what differs.
 */
export async function check(running: Running): Promise<string> {
  const { name } = running.contender;
  const echo = await ask(running, '?echo=1', false);
  const key = name === 'direct' ? clientKey : realKey;
  const { head, bodyLength } = (await echo.json()) as { head: string; bodyLength: number };
  if (!/^authorization: (.*)$/im.exec(head)?.[1]?.startsWith(`Bearer ${key}`)) {
    throw new Error(`${name} sent another key upstream`);
  }
  if (bodyLength !== requestBody(false).length) throw new Error(`${name} changed the request's body`);
  const sse = await (await ask(running, '?chunks=5', true)).text();
  const framed = `HTTP/1.1 200\r\n\r\n${sse.length.toString(16)}\r\n${sse}\r\n0\r\n\r\n`;
  const problem = problemOf(framed, 5);
  if (problem) throw new Error(`${name} answered a stream with ${problem}`);
  return (await ask(running, '', false)).text();
}

async function ask(running: Running, query: string, stream: boolean): Promise<Response> {
  const { contender, port, prefix = '', headers } = running;
  const response = await fetch(`http://127.0.0.1:${port}${prefix}/v1/chat/completions${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}`, ...headers },
    body: requestBody(stream),
    signal: AbortSignal.timeout(10_000),
    // A connection left in the pool would take one of haproxy's 4,000 places.
    keepalive: false,
  });
  if (response.ok) return response;
  throw new Error(`${contender.name} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}
