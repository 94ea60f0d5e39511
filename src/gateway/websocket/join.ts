import { chosenProtocol } from '../admit/keys.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Answer } from '../upstream/wire/types.ts';
import { Relay } from './relay.ts';

/**
 * Joins the client to an upstream that agreed to a WebSocket.
 * @param id - our request id, for an answer that has none
 * @returns undefined once the client is upgraded too, else the refusal
 */
export function joinWebSockets(exchange: Exchange, answer: Answer, id: () => string): Response | undefined {
  const upstream = answer.upgraded!;
  const fields = new Headers(answer.head.headers);
  if (!exchange.handshake || fields.get('sec-websocket-accept') !== exchange.handshake.accept) {
    upstream.cancel();
    return refuse(
      'upstream_invalid_response',
      `${exchange.upstream.target.name} switched to something else.`,
    );
  }
  // Bun writes its own half of the handshake.
  fields.delete('sec-websocket-accept');
  fields.delete('sec-websocket-extensions');
  const chosen = fields.get('sec-websocket-protocol');
  fields.delete('sec-websocket-protocol');
  const protocol = chosen && chosenProtocol(chosen, exchange.request.headers.get('sec-websocket-protocol'));
  if (protocol) fields.set('sec-websocket-protocol', protocol);
  if (!fields.has('x-request-id')) fields.set('x-request-id', id());
  if (exchange.edge.upgrade(exchange.request, fields, new Relay(upstream))) return undefined;
  upstream.cancel();
  return refuse('invalid_request_target', 'This request cannot become a WebSocket.');
}
