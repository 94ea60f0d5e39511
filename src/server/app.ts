import type { Server } from 'bun';
import { Elysia } from 'elysia';
import type { Edge } from '../gateway/exchange.ts';
import { MAX_MESSAGE } from '../gateway/websocket/relay.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { withId } from '../gateway/request-id.ts';

/** Paths that get a native route of Bun's: the rest goes the slower way through Elysia's fallback. */
const hotPaths = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'];

/** How long a connection may be silent between requests; twice as long may a client read nothing of an answer. The runtime looks every 4 s. */
export const IDLE_SECONDS = 120;

/** Elysia calls the handlers that a socket has as its data. */
const webSocketOptions = {
  maxPayloadLength: MAX_MESSAGE,
  // The relay holds the upstream back long before this; a client that still gets here is cut off.
  backpressureLimit: 4 * MAX_MESSAGE,
  closeOnBackpressureLimit: true,
  perMessageDeflate: false,
  idleTimeout: IDLE_SECONDS,
  sendPings: true,
};

/**
 * The Elysia app: a thin edge around the gateway. No plugin here may set headers: with Elysia's `set` in use, a
 * chunked body is read anew as text and its bytes are damaged.
 * @param metrics - answers `/metrics`, where it is on
 * @param idleSeconds - what the server was given as its `idleTimeout`
 */
export function createApp(
  gateway: Gateway,
  metrics?: (request: Request) => Promise<Response>,
  idleSeconds = IDLE_SECONDS,
) {
  const app = new Elysia({ name: 'aifd', websocket: webSocketOptions });
  const edge: Edge = {
    addressOf: (request) => server().requestIP(request)?.address ?? '',
    // The runtime keeps this for the connection, not for the request: 0 would last for ever.
    liftIdleLimit: (request) => server().timeout(request, 0),
    limitStall: (request) => server().timeout(request, 2 * idleSeconds),
    restoreIdleLimit: (request) => server().timeout(request, idleSeconds),
    upgrade: (request, headers, data) => server().upgrade(request, { headers, data }),
  };
  const server = (): Server<unknown> => app.server as Server<unknown>;
  const forward = (request: Request): Promise<Response | undefined> => gateway.handle(request, edge);
  for (const path of ['/healthz', '/readyz']) app.get(path, () => withId(new Response('OK')));
  if (metrics)
    app.get(
      '/metrics',
      async ({ request }) => gateway.refuseAddress(request, edge) ?? withId(await metrics(request)),
    );
  for (const path of hotPaths) app.post(path, ({ request }) => forward(request), { parse: 'none' });
  app.all('/*', ({ request }) => forward(request), { parse: 'none' });
  app.onError(({ code, request, error }) => {
    if (code === 'NOT_FOUND') return forward(request);
    throw error;
  });
  return app;
}
