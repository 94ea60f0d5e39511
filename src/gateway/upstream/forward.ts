import type { Config } from '../../config/options.ts';
import { credentialHeaders, replaceQueryKey } from '../admit/keys.ts';
import { isReplayable } from '../body.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { forwardedHeaders } from '../headers.ts';
import { handshakeHeaders, replaceProtocolKey } from '../websocket/upgrade.ts';
import { decideRetry } from './retry.ts';
import type { WireRequest } from './wire/client.ts';
import type { Answer } from './wire/connection.ts';
import { WireFailure } from './wire/failure.ts';

/**
 * Sends the exchange upstream, as often as the retry rule allows.
 * @returns the upstream's answer, or the failure of the last attempt
 */
export async function forward(exchange: Exchange, config: Config): Promise<Answer | WireFailure> {
  const { upstream, request, body } = exchange;
  const wire = toWire(exchange);
  upstream.budget.countRequest();
  for (let fresh = false; ; fresh = true) {
    exchange.attempts++;
    const outcome = await upstream.client.send(wire, fresh).catch(asFailure);
    const failure = outcome instanceof WireFailure ? outcome : undefined;
    const head = outcome instanceof WireFailure ? undefined : outcome.head;
    // The usual case, without the questions.
    if (head && !config.retryStatuses.includes(head.status)) return outcome;
    const decision = decideRetry(
      {
        attempts: exchange.attempts,
        failure,
        status: head?.status,
        retryAfter: head?.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1],
        replayable: isReplayable(body),
        clientLeft: request.signal.aborted,
      },
      config,
      () => upstream.budget.spend(),
    );
    if (!decision.retry) return outcome;
    if (!(outcome instanceof WireFailure)) outcome.body.discard();
    await pause(decision.delayMs, request.signal);
  }
}

const upgradeAndCredentialHeaders: ReadonlySet<string> = new Set([...handshakeHeaders, ...credentialHeaders]);

/** The request as it goes on the wire: its own headers and path, with the credentials that the target gets. */
function toWire(exchange: Exchange): WireRequest {
  const { request, method, credentials, body, upstream, handshake } = exchange;
  const { signal, headers: sent } = request;
  const protocols = handshake ? sent.get('sec-websocket-protocol') : null;
  if (credentials.kind === 'pass') {
    const headers =
      forwardedHeaders(sent, handshake && handshakeHeaders) + (handshake?.lines(protocols) ?? '');
    return { method, path: exchange.upstreamPath, headers, body, signal };
  }
  const key = upstream.nextKey();
  const { place } = credentials;
  let headers = forwardedHeaders(sent, handshake ? upgradeAndCredentialHeaders : credentialHeaders);
  if (key !== undefined && place === 'authorization') headers += `authorization: Bearer ${key}\r\n`;
  else if (key !== undefined && place !== 'query' && place !== 'protocol') headers += `${place}: ${key}\r\n`;
  if (handshake) {
    const kept = protocols && replaceProtocolKey(protocols, place === 'protocol' ? key : undefined);
    headers += handshake.lines(kept);
  }
  const path = replaceQueryKey(exchange.upstreamPath, place === 'query' ? key : undefined);
  return { method, path, headers, body, signal };
}

function asFailure(error: unknown): WireFailure {
  if (error instanceof WireFailure) return error;
  throw error;
}

/** Waits, but no longer than the client does. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

const timeoutNames = {
  connect_timeout: ['TIMEOUT', 'to connect'],
  first_byte_timeout: ['FIRST_BYTE_TIMEOUT', 'for the first byte of the answer'],
  idle_timeout: ['IDLE_TIMEOUT', 'between bytes'],
  total_timeout: ['TOTAL_TIMEOUT', 'in all'],
} as const;

/** The refusal that tells the client how its upstream request failed. */
export function refuseFailed(failure: WireFailure, upstreamName: string): Response {
  switch (failure.kind) {
    case 'connect_timeout':
    case 'first_byte_timeout':
    case 'idle_timeout':
    case 'total_timeout': {
      const [option, what] = timeoutNames[failure.kind];
      const limit = /[\d.]+ s/.exec(failure.message)?.[0] ?? '';
      return refuse('upstream_timeout', `${upstreamName} took longer than ${option} (${limit}) ${what}.`);
    }
    case 'upload_timeout':
      return refuse('request_timeout', `The request body stopped arriving: ${failure.message}.`);
    case 'upload_too_large':
      return refuse('request_too_large', `Too large: ${failure.message}.`);
    case 'aborted':
      return refuse('client_closed_request');
    case 'invalid_response':
      return refuse('upstream_invalid_response', `${upstreamName} answered with ${failure.message}.`);
    case 'disconnected':
    case 'truncated':
      return refuse('upstream_disconnected', `${upstreamName} failed: ${failure.message}.`);
    default:
      return refuse('upstream_unreachable', `${upstreamName} could not be reached: ${failure.message}.`);
  }
}
