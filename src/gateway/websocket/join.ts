import { chosenProtocol } from '../admit/keys.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Answer } from '../upstream/wire/types.ts';
import type { Upgraded } from '../upstream/wire/types.ts';
import { Relay } from './relay.ts';
import { Turns, type TurnServices } from './turns.ts';

/**
 * Joins the client to an upstream that agreed to a WebSocket.
 * @param id - our request id, for an answer that has none
 * @returns undefined once the client is upgraded too, else the refusal
 */
export function joinWebSockets(
  exchange: Exchange,
  answer: Answer,
  id: () => string,
  services: TurnServices,
): Response | undefined {
  const upstream = answer.upgraded!;
  const fields = new Headers(answer.head.headers);
  if (!exchange.handshake || fields.get('sec-websocket-accept') !== exchange.handshake.accept) {
    const message = `${exchange.destination.upstream.target.name} switched to something else.`;
    return giveUp(exchange, answer, refuse('upstream_invalid_response', message), id);
  }
  // Bun writes its own half of the handshake.
  fields.delete('sec-websocket-accept');
  fields.delete('sec-websocket-extensions');
  const chosen = fields.get('sec-websocket-protocol');
  fields.delete('sec-websocket-protocol');
  const protocol = chosen && chosenProtocol(chosen, exchange.request.headers.get('sec-websocket-protocol'));
  if (protocol) fields.set('sec-websocket-protocol', protocol);
  for (const [name, value] of exchange.ticket?.headers ?? []) fields.append(name, value);
  if (!fields.has('x-request-id')) fields.set('x-request-id', id());
  // The handshake has cost no tokens; each turn counts its own.
  exchange.ticket?.ended();
  const relay = relayOf(exchange, upstream, fields.get('x-request-id')!, services);
  if (exchange.edge.upgrade(exchange.request, fields, relay)) return undefined;
  const message = 'This request cannot become a WebSocket.';
  return giveUp(exchange, answer, refuse('invalid_request_target', message), id);
}

function relayOf(exchange: Exchange, upstream: Upgraded, id: string, services: TurnServices): Relay {
  const { recorder, limiter } = services;
  // The runtime knows the address until the upgrade only.
  const address = exchange.edge.addressOf(exchange.request);
  const joined: Exchange = { ...exchange, edge: { ...exchange.edge, addressOf: () => address } };
  const turns = recorder || limiter ? new Turns(joined, id, services) : undefined;
  const relay: Relay = new Relay(upstream, turns, (end) => {
    const { bytesIn, bytesOut } = relay;
    recorder?.closed(joined, { id, end, bytesIn, bytesOut, turns: turns?.count });
  });
  return relay;
}

function giveUp(exchange: Exchange, answer: Answer, refusal: Response, id: () => string): Response {
  answer.upgraded!.cancel();
  exchange.ticket?.ended();
  refusal.headers.set('x-request-id', id());
  return refusal;
}
