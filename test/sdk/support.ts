import { join } from 'node:path';
import { type APIError, type ClientOptions, OpenAI } from 'openai';

const main = join(import.meta.dir, '../../src/cli/main.ts');

/** The key that only aifd and the upstream know. */
export const realKey = 'sk-real-key-of-the-upstream';
/** The key that aifd's clients are given. */
export const forwardKey = 'fk-key-of-the-client';

/** A child process that listens. */
export interface Aifd {
  /** Without a trailing slash and without `/v1`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts `aifd run` before `upstream` as a shell would, on a free port of 127.0.0.1.
 *
 * @param upstream its base URL
 * @param env added to the two keys; nothing of this process's environment but PATH is handed on
 * @throws Error with what it said on stderr when it ends before it listens
 */
export async function startAifd(upstream: string, env: Record<string, string> = {}): Promise<Aifd> {
  const own = ['run', '--port', '0', '--host', '127.0.0.1'];
  // Whatever kills the test, its server goes with it.
  const child = Bun.spawn([process.execPath, '--no-orphans', main, ...own], {
    // Not the project's folder: a developer's .env there is none of ours.
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      OPENAI_BASE_URL: upstream,
      OPENAI_API_KEY: realKey,
      FORWARD_KEY: forwardKey,
      ...env,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const complaints = child.stderr.text();
  const url = await listeningUrl(child.stdout);
  if (url === undefined) throw new Error(`aifd did not start: ${await complaints}`);
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

async function listeningUrl(stdout: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of stdout.values({ preventCancel: true })) {
    text += decoder.decode(bytes, { stream: true });
    const url = /listening on (http:\/\/\S+)/.exec(text)?.[1];
    if (url !== undefined) return url.replace(/\/$/, '');
  }
  return undefined;
}

/** A request as it arrived upstream. */
export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Aborts when the connection of the request is closed before its answer ended. */
  readonly signal: AbortSignal;
}

/** What an upstream of a test answers. */
export type Answer = (seen: Seen) => Response | Promise<Response>;

/** A hand-made upstream on a free port that remembers what it was asked. */
export function startUpstream(answer: Answer) {
  const seen: Seen[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers, signal } = request;
      const body = new Uint8Array(await request.arrayBuffer());
      // A copy: Bun's own headers may be gone when the answer is.
      const one = { method, path: pathname + search, headers: new Headers(headers), body, signal };
      seen.push(one);
      return answer(one);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, seen, stop: () => server.stop(true) };
}

/** The SDK before `url`; it never tries again unless told to, so that a test sees each answer. */
export function clientOf(url: string, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ apiKey: forwardKey, baseURL: `${url}/v1`, maxRetries: 0, ...options });
}

/** An upstream, aifd before it, the SDK before that, and the SDK that goes to the upstream itself. */
export async function startWay(answer: Answer, env?: Record<string, string>) {
  const upstream = startUpstream(answer);
  const aifd = await startAifd(upstream.url, env);
  return {
    client: clientOf(aifd.url),
    direct: clientOf(upstream.url, { apiKey: realKey }),
    url: aifd.url,
    seen: upstream.seen,
    stop: async () => {
      await upstream.stop();
      await aifd.stop();
    },
  };
}

/**
 * What `call` fails with; a test looks at its class first.
 *
 * @throws Error when it does not fail
 */
export async function failureOf(call: PromiseLike<unknown>): Promise<APIError> {
  const nothing = Symbol('no failure');
  const failure = await Promise.resolve(call).then(
    () => nothing,
    (error: unknown) => error,
  );
  if (failure === nothing) throw new Error('the call did not fail');
  return failure as APIError;
}

/** Bytes that no text decoder leaves as they are, the same at every run. */
export function binary(size: number): Uint8Array<ArrayBuffer> {
  let state = 0x9e3779b9;
  return Uint8Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

/** One event of an SSE body. */
export function event(data: unknown, name?: string): string {
  const head = name === undefined ? '' : `event: ${name}\n`;
  return `${head}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** An SSE answer of these events; before each, `ready` is waited for. */
export function sse(events: readonly string[], ready?: (index: number) => Promise<unknown>): Response {
  const encoder = new TextEncoder();
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const index = next++;
        const text = events[index];
        if (text === undefined) return controller.close();
        await ready?.(index);
        controller.enqueue(encoder.encode(text));
      },
    },
    // Nothing ahead of the reader: `ready` must mean what it says.
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

/** One chunk of a chat's stream. */
export function chatChunk(content: string, finish: string | null = null) {
  const choice = { index: 0, delta: { content }, finish_reason: finish };
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice] };
}
