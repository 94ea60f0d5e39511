import type { Config } from '../../config/options.ts';
import { isReplayable } from '../body.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { valueOf } from '../headers.ts';
import { judgeKey, KeyRefusal, mayConcernKey } from './key-refusal.ts';
import { newIdempotencyKey, toWire } from './request.ts';
import { decideRetry, isIdempotent, startsWork } from './retry.ts';
import type { Answer } from './wire/types.ts';
import { WireFailure } from './wire/failure.ts';

/**
 * Sends the exchange upstream, as often as the retry rule and the target's keys allow.
 * @returns the upstream's answer, or the failure of the last attempt
 */
export async function forward(exchange: Exchange, config: Config): Promise<Answer | WireFailure> {
  const { upstream } = exchange.destination;
  const idempotencyKey = newIdempotencyKey(exchange);
  let key = exchange.credentials.kind === 'replace' ? upstream.keys.next() : undefined;
  let refusedKeys: Set<string> | undefined;
  let attempts = 0;
  upstream.budget.countRequest();
  for (;;) {
    exchange.attempts++;
    attempts++;
    let outcome: Answer | WireFailure;
    try {
      outcome = await upstream.client.send(toWire(exchange, key, idempotencyKey), attempts > 1);
      upstream.note(undefined);
      const { status } = outcome.head;
      if (status < 400) {
        if (key !== undefined) upstream.keys.accepted(key);
        return outcome;
      }
      if (key !== undefined && mayConcernKey(status)) {
        const { verdict, isShown } = await judgeKey(outcome, key);
        if (verdict) upstream.keys.refused(key, status);
        if (verdict || isShown) {
          const other = verdict && upstream.keys.another((refusedKeys ??= new Set()).add(key));
          const canGoOn = other !== undefined && isReplayable(exchange.body);
          if (!canGoOn && verdict === 'exhausted' && !isShown) return outcome;
          outcome.body.discard();
          if (!canGoOn) return new KeyRefusal(status, other !== undefined);
          key = other;
          attempts--;
          continue;
        }
      }
      // Without a look at the client's signal, which is costly to make.
      if (status < 500 && !config.retryStatuses.includes(status)) return outcome;
    } catch (error) {
      outcome = asFailure(error);
      upstream.note(outcome);
    }
    const delayMs = retryDelay(exchange, attempts, outcome, config);
    if (delayMs === undefined) return outcome;
    if (!(outcome instanceof WireFailure)) outcome.body.discard();
    await pause(delayMs, exchange.client.signal);
    // Nobody waits any more: not even a connection is owed.
    if (exchange.client.signal.aborted) return new WireFailure('aborted', 'the client left');
    if (key !== undefined) key = upstream.keys.next(key);
  }
}

/** How long to wait before the next attempt, ms; undefined when there is none. */
function retryDelay(
  exchange: Exchange,
  attempts: number,
  outcome: Answer | WireFailure,
  config: Config,
): number | undefined {
  const { method, destination, body, client } = exchange;
  const answered = outcome instanceof WireFailure ? undefined : outcome.head;
  const decision = decideRetry(
    {
      attempts,
      failure: outcome instanceof WireFailure ? outcome : undefined,
      status: answered?.status,
      retryAfter: answered && valueOf(answered.headers, 'retry-after'),
      shouldRetry: answered && valueOf(answered.headers, 'x-should-retry')?.toLowerCase(),
      idempotent: isIdempotent(method),
      startsWork: startsWork(destination.canonical),
      replayable: isReplayable(body),
      clientLeft: client.signal.aborted,
    },
    config,
    () => destination.upstream.budget.spend(),
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
  if (failure instanceof KeyRefusal) return refuseKey(failure, upstreamName);
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

/** Not 401: to the SDKs that is the client's own key. */
function refuseKey({ message, othersWork }: KeyRefusal, upstreamName: string): Response {
  const whose = `${upstreamName} refused the key that the operator of this server set (${message})`;
  if (othersWork) return refuse('upstream_key_refused', `${whose}. It has others: send the request again.`);
  return refuse('upstream_key_refused', `${whose}. Your own key is not the cause; tell the operator.`, {
    'x-should-retry': 'false',
  });
}
