import { answer, isObject, readChat } from './answers.ts';
import { embeddings, isWrong } from './embeddings.ts';
import { sse } from './stream.ts';

/** A demo upstream that runs. */
export interface DemoUpstream {
  /** Base URL without a trailing slash, such as `http://127.0.0.1:40123`. */
  url: string;
  port: number;
  stop(): void;
}

const models = ['demo-chat', 'demo-embedding'].map((id) => ({
  id,
  object: 'model',
  created: 1_700_000_000,
  owned_by: 'aifd',
}));

/**
 * Starts a small OpenAI-compatible server on 127.0.0.1, so that a first try needs no key and no network.
 *
 * @param options.port port to listen on; 0 (the default) takes a free one.
 * @throws when the port is in use.
 */
export function startDemoUpstream(options: { port?: number } = {}): DemoUpstream {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: options.port ?? 0,
    idleTimeout: 0,
    async fetch(request) {
      const response = await route(request);
      response.headers.set('x-request-id', `demo-${crypto.randomUUID()}`);
      return response;
    },
  });
  const port = server.port ?? 0;
  return { url: `http://127.0.0.1:${port}`, port, stop: () => void server.stop(true) };
}

async function route(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const key = `${request.method} ${pathname}`;
  if (key === 'POST /v1/chat/completions') return withBody(request, chat);
  if (key === 'POST /v1/embeddings') return withBody(request, embed);
  if (key === 'GET /v1/models') return Response.json({ object: 'list', data: models });
  if (key.startsWith('GET /v1/models/')) return model(pathname.slice('/v1/models/'.length));
  return failure(404, `Invalid URL (${key})`, null, null);
}

async function withBody(
  request: Request,
  then: (body: Record<string, unknown>) => Response,
): Promise<Response> {
  const body: unknown = await request.json().catch(() => undefined);
  if (!isObject(body)) return failure(400, 'We could not parse the JSON body of your request.', null, null);
  return then(body);
}

function chat(body: Record<string, unknown>): Response {
  const wanted = readChat(body);
  if ('wrong' in wanted) return wrongField(wanted.wrong);
  const { choices, usage } = answer(wanted);
  const base = {
    id: `chatcmpl-${crypto.randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: wanted.model,
  };
  if (!wanted.stream) return Response.json({ ...base, object: 'chat.completion', choices, usage });
  return new Response(sse(base, choices, wanted.includeUsage ? usage : undefined), {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  });
}

function embed(body: Record<string, unknown>): Response {
  const result = embeddings(body);
  return isWrong(result) ? wrongField(result.wrong) : Response.json(result);
}

function model(id: string): Response {
  const found = models.find((one) => one.id === id);
  return found
    ? Response.json(found)
    : failure(404, `The model '${id}' does not exist`, 'model', 'model_not_found');
}

function wrongField(name: string): Response {
  return failure(400, `Missing or invalid parameter: '${name}'.`, name, 'invalid_value');
}

/** OpenAI's error shape. */
function failure(status: number, message: string, param: string | null, code: string | null): Response {
  return Response.json({ error: { message, type: 'invalid_request_error', param, code } }, { status });
}
