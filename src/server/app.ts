import type { Server } from 'bun';
import { Elysia } from 'elysia';
import type { Config } from '../config/options.ts';
import type { Edge } from '../gateway/exchange.ts';
import type { Gateway } from '../gateway/gateway.ts';

/** Paths that get a native route of Bun's: the rest goes the slower way through Elysia's fallback. */
const hotPaths = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'];

/**
 * The Elysia app: a thin edge around the gateway. No plugin here may set headers: with Elysia's `set` in use, a
 * chunked body is read anew as text and its bytes are damaged.
 */
export function createApp(gateway: Gateway, _config: Config) {
  const app = new Elysia({ name: 'aifd' });
  const edge: Edge = {
    addressOf: (request) => server().requestIP(request)?.address ?? '',
  };
  const server = (): Server<unknown> => app.server as Server<unknown>;
  const forward = (request: Request): Promise<Response> => {
    // A model may think for minutes; the gateway's own limits apply.
    server().timeout(request, 0);
    return gateway.handle(request, edge);
  };
  app.get('/healthz', () => new Response('OK'));
  app.get('/readyz', () => new Response('OK'));
  for (const path of hotPaths) app.post(path, ({ request }) => forward(request), { parse: 'none' });
  app.all('/*', ({ request }) => forward(request), { parse: 'none' });
  app.onError(({ code, request, error }) => {
    if (code === 'NOT_FOUND') return forward(request);
    throw error;
  });
  return app;
}
