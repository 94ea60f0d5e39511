import type { FailureKind } from './wire/failure.ts';

/** What the retry rule looks at. */
export interface Tried {
  /** Attempts made, the first included; those under another key because the upstream refused one are not counted. */
  readonly attempts: number;
  readonly failure: { readonly kind: FailureKind; readonly staleConnection: boolean } | undefined;
  /** The upstream's status, Retry-After and x-should-retry, when it answered. */
  readonly status: number | undefined;
  readonly retryAfter: string | null | undefined;
  readonly shouldRetry: string | undefined;
  /** The request's method is {@link isIdempotent}. */
  readonly idempotent: boolean;
  /** It may start work that goes on without the client, see {@link startsWork}. */
  readonly startsWork: boolean;
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

/** Failures after which it is not known whether the upstream began. */
const brokenKinds: ReadonlySet<FailureKind> = new Set<FailureKind>(['disconnected', 'truncated']);

const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** To send such a request twice is as to send it once: RFC 9110 §9.2.2. */
export const isIdempotent = (method: string): boolean => idempotentMethods.has(method);

/**
 * Routes whose POST starts work that goes on, and is paid for, without the client: batches, fine-tuning, files.
 * @param path - in lower case, without a query
 */
export const startsWork = (path: string): boolean =>
  /\/(?:batches|fine[-_]tun(?:ing|es)|files|uploads)(?:\/|$)/.test(path);

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
  // A pooled connection that was dead before the upstream could begin: a new one, at once, whatever the options say of
  // retries.
  if (tried.failure?.staleConnection && tried.attempts === 1) return { retry: true, delayMs: 0 };
  if (tried.attempts > options.maxRetries) return no;
  if (tried.failure) {
    if (!mayFollow(tried.failure, tried.idempotent)) return no;
  } else if (tried.shouldRetry === 'false' || !mayFollowStatus(tried.status!, tried, options)) {
    return no;
  }
  const asked = retryAfterMs(tried.retryAfter);
  // Sooner than the upstream asked would be rude, later than the operator allows too slow: the client decides.
  if (asked !== undefined && asked > options.maxRetryAfter * 1000) return no;
  // Asked last, since it counts.
  if (!spendBudget()) return no;
  return { retry: true, delayMs: asked ?? backoff(tried.attempts, random) };
}

/** A POST whose connection broke may have done its work: billing twice is worse than an error. */
function mayFollow({ kind, staleConnection }: NonNullable<Tried['failure']>, idempotent: boolean): boolean {
  return staleConnection || retriedKinds.has(kind) || (idempotent && brokenKinds.has(kind));
}

function mayFollowStatus(
  status: number,
  { idempotent, startsWork: isCostly }: Tried,
  { retryStatuses }: RetryOptions,
): boolean {
  if (idempotent && (status === 502 || status === 504)) return retryStatuses.length > 0;
  // 429 and 503 say that the work was not begun; behind 502 and 504 it may still go on.
  return retryStatuses.includes(status) && (status === 429 || status === 503 || idempotent || !isCostly);
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
  const date = httpDate(value, now);
  return date === undefined ? undefined : Math.max(0, date - now);
}

const time = '(\\d\\d):(\\d\\d):(\\d\\d)';
/** GMT, and what some write for it. */
const zone = '(?:gmt|utc?|[+-]0000)';
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const fixDate = new RegExp(`^[a-z]{3}, (\\d{1,2}) ([a-z]{3}) (\\d{4}) ${time} ${zone}$`, 'i');
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const oldDate = new RegExp(`^[a-z]{6,9}, (\\d\\d)-([a-z]{3})-(\\d\\d) ${time} ${zone}$`, 'i');
/** `Sun Nov  6 08:49:37 1994` */
const cDate = new RegExp(`^[a-z]{3} ([a-z]{3}) ([ \\d]\\d) ${time} (\\d{4})$`, 'i');
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * A date in one of HTTP's three forms (RFC 9110 §5.6.7), all UTC, as ms since the epoch; undefined for anything else.
 * @param now - a year of two digits is the one nearest before 50 years from now
 */
export function httpDate(text: string, now: number): number | undefined {
  const fix = fixDate.exec(text);
  if (fix) return utc(Number(fix[3]), fix[2]!, fix[1]!, fix.slice(4));
  const old = oldDate.exec(text);
  if (old) {
    const latest = new Date(now).getUTCFullYear() + 50;
    return utc(latest - ((latest - Number(old[3])) % 100), old[2]!, old[1]!, old.slice(4));
  }
  const c = cDate.exec(text);
  return c ? utc(Number(c[6]), c[1]!, c[2]!, c.slice(3, 6)) : undefined;
}

function utc(year: number, monthName: string, day: string, [h, m, s]: string[]): number | undefined {
  const month = months.indexOf(monthName.toLowerCase());
  const at = Date.UTC(year, month, Number(day), Number(h), Number(m), Number(s));
  return month < 0 || Number(h) > 23 || Number(m) > 59 || new Date(at).getUTCDate() !== Number(day)
    ? undefined
    : at;
}
