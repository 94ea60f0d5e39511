import { placesOfKeys, replaceProtocolKey, withoutQueryKeys, type Place } from '../admit/keys.ts';
import type { Exchange } from '../exchange.ts';
import { forwardedHeaders } from '../headers.ts';
import { handshakeHeaders } from './handshake.ts';
import { isIdempotent } from './retry.ts';
import type { WireRequest } from './wire/client.ts';

const protocolHeader = 'sec-websocket-protocol';
const credentialAndProtocol: ReadonlySet<string> = new Set([...placesOfKeys, protocolHeader]);
const credentialAndHandshake: ReadonlySet<string> = new Set([...placesOfKeys, ...handshakeHeaders]);

/**
 * The request as one attempt sends it: its own headers and path, with the credentials that the target gets.
 * @param key - the real key of this attempt; undefined when the target has none
 * @param idempotencyKey - added; undefined when it has one, or needs none
 */
export function toWire(exchange: Exchange, key?: string, idempotencyKey?: string): WireRequest {
  const { request, client, method, credentials, body, started, handshake } = exchange;
  const { upstreamPath } = exchange.destination;
  const protocols = request.headers.get(protocolHeader);
  const added = idempotencyKey === undefined ? '' : `idempotency-key: ${idempotencyKey}\r\n`;
  // A compressed stream has no events to pace, and what is kept is for clients of all kinds.
  const isRead =
    exchange.family !== undefined || (exchange.ticket !== undefined && exchange.ticket.paceMs > 0);
  if (isRead) request.headers.set('accept-encoding', 'identity');
  if (credentials.kind === 'pass') {
    const own = forwardedHeaders(request.headers, handshake && handshakeHeaders);
    return {
      method,
      path: upstreamPath,
      headers: own + added + (handshake?.lines(protocols) ?? ''),
      body,
      started,
      client,
      upgrade: handshake !== undefined,
    };
  }
  const { place } = credentials;
  let headers = forwardedHeaders(request.headers, dropped(protocols, handshake !== undefined)) + added;
  if (key !== undefined) headers += keyLine(place, key);
  const offered =
    protocols === null ? null : replaceProtocolKey(protocols, place === 'protocol' ? key : undefined);
  if (handshake) headers += handshake.lines(offered);
  else if (offered !== null) headers += `${protocolHeader}: ${offered}\r\n`;
  return {
    method,
    path: withoutQueryKeys(upstreamPath),
    headers,
    body,
    started,
    client,
    upgrade: handshake !== undefined,
  };
}

function dropped(protocols: string | null, webSocket: boolean): ReadonlySet<string> {
  if (webSocket) return credentialAndHandshake;
  return protocols === null ? placesOfKeys : credentialAndProtocol;
}

/**
 * A key by which the upstream knows a request that is sent again; undefined where the client sent one, or where no
 * upstream needs it: the method is idempotent (RFC 9110 §9.2.2), or the body can't go twice.
 */
export function newIdempotencyKey({ method, body, request }: Exchange): string | undefined {
  if (isIdempotent(method) || body.kind === 'stream') return undefined;
  return request.headers.has('idempotency-key') ? undefined : `aifd-${crypto.randomUUID()}`;
}

/** The header line with the real key; empty when it goes among the sub-protocols. */
function keyLine(place: Place, key: string): string {
  switch (place) {
    case 'protocol':
      return '';
    case 'authorization':
      return `authorization: Bearer ${key}\r\n`;
    // Never into the query: servers log it, and repeat it in redirects. Google's APIs, which take `?key=`, take this.
    case 'query':
      return `x-goog-api-key: ${key}\r\n`;
    default:
      return `${place}: ${key}\r\n`;
  }
}
