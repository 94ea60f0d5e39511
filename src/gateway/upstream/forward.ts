import type { Config } from '../../config/options.ts';
import { isReplayable } from '../body.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { toWire } from './request.ts';
import { decideRetry } from './retry.ts';
import type { Answer } from './wire/types.ts';
import { WireFailure } from './wire/failure.ts';

/**
 * Sends the exchange upstream, as often as the retry rule allows.
 * @returns the upstream's answer, or the failure of the last attempt
 */
export async function forward(exchange: Exchange, config: Config): Promise<Answer | WireFailure> {
  const { upstream } = exchange.destination;
  const wire = toWire(exchange);
  upstream.budget.countRequest();
  for (;;) {
    exchange.attempts++;
    let outcome: Answer | WireFailure;
    try {
      outcome = await upstream.client.send(wire, exchange.attempts > 1);
      upstream.note(undefined);
      // The usual case, without the questions.
      if (!config.retryStatuses.includes(outcome.head.status)) return outcome;
    } catch (error) {
      outcome = asFailure(error);
      upstream.note(outcome);
    }
    const delayMs = retryDelay(exchange, outcome, config);
    if (delayMs === undefined) return outcome;
    if (!(outcome instanceof WireFailure)) outcome.body.discard();
    await pause(delayMs, exchange.client.signal);
    // Nobody waits any more: not even a connection is owed.
    if (exchange.client.signal.aborted) return new WireFailure('aborted', 'the client left');
  }
}

/** How long to wait before the next attempt, ms; undefined when there is none. */
function retryDelay(exchange: Exchange, outcome: Answer | WireFailure, config: Config): number | undefined {
  const answered = outcome instanceof WireFailure ? undefined : outcome.head;
  const decision = decideRetry(
    {
      attempts: exchange.attempts,
      failure: outcome instanceof WireFailure ? outcome : undefined,
      status: answered?.status,
      retryAfter: answered?.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1],
      replayable: isReplayable(exchange.body),
      clientLeft: exchange.client.signal.aborted,
    },
    config,
    () => exchange.destination.upstream.budget.spend(),
  );
  return decision.retry ? decision.delayMs : undefined;
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
