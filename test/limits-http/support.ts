import { join } from 'node:path';
import { load } from '../../src/config/load.ts';
import { serve } from '../../src/server/serve.ts';
import { emptyFolder } from '../support/aifd.ts';
import { type Asked, ask, RawClient, type RawResponse, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { type Handler, startUpstream, type Upstream, type UpstreamOptions } from '../support/upstream.ts';

type Env = Record<string, string>;

/** An upstream and aifd before it, in this process, its windows in memory unless `env` says otherwise. */
export async function startWay(env: Env = {}, handler?: Handler, options?: UpstreamOptions) {
  const upstream = await startUpstream(handler, options);
  const given = { OPENAI_BASE_URL: upstream.url, RATE_LIMIT_BACKEND: 'memory', ...env };
  return startBefore(upstream, given);
}

/** The same before an upstream that is there already. */
export async function startBefore(upstream: Upstream, env: Env) {
  const whole = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', MAX_RETRIES: '0', ...env };
  const running = await serve(load({ flags: {}, env: whole, cwd: emptyFolder() }).config);
  return {
    url: running.url,
    upstream,
    ask: (path = '/v1/chat/completions', asked: Asked = {}): Promise<RawResponse> =>
      ask(running.url, path, asked),
    /** The statuses of so many requests, one after the other. */
    async statuses(count: number, path?: string, asked: Asked = {}): Promise<number[]> {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push((await ask(running.url, path ?? chatPath, asked)).status);
      return all;
    },
    /** Sends a request and leaves the answer to come. */
    async begin(path = chatPath, asked: Asked = {}): Promise<RawClient> {
      return (await RawClient.open(running.url)).send(requestBytes(path, asked));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await running.stop(0);
      await upstream[Symbol.asyncDispose]();
    },
  };
}

export type Way = Awaited<ReturnType<typeof startWay>>;

export const chatPath = '/v1/chat/completions';
export const json = 'Content-Type: application/json';
export const bearer = (key: string): string => `Authorization: Bearer ${key}`;

/** One route with one limit, as the options take it. */
export const limit = (text: string, route = chatPath): string => JSON.stringify({ [route]: text });

/** A chat request. */
export function chat(body: Record<string, unknown> = {}, headers: readonly string[] = []): Asked {
  const whole = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body };
  return { method: 'POST', headers: [json, ...headers], body: JSON.stringify(whole) };
}

/** A chat answer that used so many tokens. */
export const completion = (total: number): string =>
  JSON.stringify({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: total - 1, total_tokens: total },
  });

export const jsonType = ['Content-Type: application/json'];
export const sseType = 'Content-Type: text/event-stream';

/** An event with a delta of `content`. */
export const delta = (content: string): string =>
  `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`;

/** One chunk of the chunked coding. */
export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
export const lastChunk = '0\r\n\r\n';
export const streamHead = `HTTP/1.1 200 OK\r\n${sseType}\r\nTransfer-Encoding: chunked\r\n\r\n`;

export const remainingTokens = (response: RawResponse): number =>
  Number(response.header('x-ratelimit-remaining-tokens'));

const main = join(import.meta.dir, '../../src/cli/main.ts');

export function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

/** aifd with several workers, as processes of their own. */
export async function spawnWorkers(env: Env) {
  const port = freePort();
  const child = Bun.spawn([process.execPath, '--no-orphans', main, 'run'], {
    cwd: emptyFolder(),
    env: { PATH: process.env.PATH, NO_COLOR: '1', WORKERS: '4', PORT: `${port}`, HOST: '127.0.0.1', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  let said = '';
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const piece of child.stdout) said += decoder.decode(piece, { stream: true });
  })();
  await until(() => said.includes('listening on') || child.exitCode !== null, 'aifd listens', 15_000);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await child.exited;
      clearTimeout(timer);
      await reading;
    },
  };
}
