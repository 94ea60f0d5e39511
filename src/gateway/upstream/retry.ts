import type { FailureKind } from './wire/failure.ts';

/** What the retry rule looks at. */
export interface Tried {
  /** Attempts made, the first included. */
  readonly attempts: number;
  readonly failure: { readonly kind: FailureKind; readonly staleConnection: boolean } | undefined;
  /** The upstream's status and Retry-After, when it answered. */
  readonly status: number | undefined;
  readonly retryAfter: string | null | undefined;
  /** The request's body can go once more. */
  readonly replayable: boolean;
  readonly clientLeft: boolean;
}

/** The options the rule goes by. */
export interface RetryOptions {
  readonly maxRetries: number;
  /** Seconds. */
  readonly maxRetryAfter: number;
  readonly retryStatuses: readonly number[];
}

/** Try again after so many ms, or give the client what there is. */
export type Decision = { readonly retry: true; readonly delayMs: number } | { readonly retry: false };

const no: Decision = { retry: false };
const BASE_DELAY_MS = 200;

/** Failures in which the upstream can't have begun on the request. */
const retriedKinds: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'dns',
  'refused',
  'connect_timeout',
  'unreachable',
  'proxy',
]);

/**
 * The one place that decides whether a request is sent once more. The first byte to the client has not gone out yet
 * when it is asked: after that nothing is ever retried.
 */
export function decideRetry(
  tried: Tried,
  options: RetryOptions,
  spendBudget: () => boolean,
  random: () => number = Math.random,
): Decision {
  // Nobody is waiting for the answer.
  if (tried.clientLeft) return no;
  // Part of the body is gone: what would be sent again is not what the client sent.
  if (!tried.replayable) return no;
  // A pooled connection found dead says nothing of the upstream and cost it nothing: a new one, at once, whatever
  // the options say of retries.
  if (tried.failure?.staleConnection && tried.attempts === 1) return { retry: true, delayMs: 0 };
  if (tried.attempts > options.maxRetries) return no;
  if (tried.failure) {
    // A fresh connection that broke after the request went out may have done the work: billing twice is worse.
    if (!retriedKinds.has(tried.failure.kind)) return no;
  } else if (!options.retryStatuses.includes(tried.status!)) {
    return no;
  }
  const asked = retryAfterMs(tried.retryAfter);
  // Sooner than the upstream asked would be rude, later than the operator allows too slow: the client decides.
  if (asked !== undefined && asked > options.maxRetryAfter * 1000) return no;
  // Asked last, since it counts.
  if (!spendBudget()) return no;
  return { retry: true, delayMs: asked ?? backoff(tried.attempts, random) };
}

/** 200 ms doubling, half of it random, so that the clients of one failure don't return together. */
function backoff(attempts: number, random: () => number): number {
  const full = BASE_DELAY_MS * 2 ** (attempts - 1);
  return full / 2 + (full / 2) * random();
}

/**
 * `Retry-After` (RFC 9110 §10.2.3) in ms: seconds or a date; undefined when absent or nonsense.
 */
export function retryAfterMs(value: string | null | undefined, now: number = Date.now()): number | undefined {
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
