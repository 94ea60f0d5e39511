import { forwardedHeaders } from '../../src/gateway/headers.ts';
import { newIdempotencyKey, toWire } from '../../src/gateway/upstream/request.ts';
import { configOf, exchangeOf, question } from './samples.ts';
import type { Stage } from './stage.ts';

/** The request's head for the upstream. Its fields are read from a `Headers` made here; the server's own cost a little more. */
export function requestHead(): Stage {
  const exchange = exchangeOf(configOf(), question(200));
  const { headers } = exchange.request;
  const key = exchange.destination.upstream.keys.next();
  return {
    cases: [
      { name: 'the fields that go on, of 12', run: () => forwardedHeaders(headers) },
      {
        name: 'the whole head, the key swapped',
        run: () => toWire(exchange, key, newIdempotencyKey(exchange)),
      },
    ],
  };
}
