import type { MeterState } from '../../store/windows/store.ts';
import { refuse } from '../errors.ts';
import { WireFailure } from '../upstream/wire/failure.ts';
import { duration, type Rule } from './meters.ts';
import type { Refusal } from './queue.ts';

/** A rule with what the store said of its windows. */
export interface Judged {
  readonly rule: Rule;
  readonly states: readonly MeterState[];
}

/** The header fields of a passed request: the IETF draft's, and OpenAI's for tokens. */
export function passedHeaders(judged: readonly Judged[]): [string, string][] {
  const fields: [string, string][] = [
    ['RateLimit-Policy', judged.map(({ rule }) => rule.policy).join(', ')],
    ['RateLimit', judged.map(({ rule, states }) => rule.remaining(states)).join(', ')],
  ];
  for (const one of judged) if (one.rule.counted === 'tokens') fields.push(...openAiHeaders(one));
  return fields;
}

/** 429 as OpenAI's SDKs back off by it: `retry-after-ms` first, then `Retry-After`. */
export function refuseLimited(judged: readonly Judged[]): Response {
  const refusing = judged.filter(({ states }) => states.some(({ retryMs }) => retryMs > 0));
  const worst = refusing.reduce((a, b) => (waitOf(b) > waitOf(a) ? b : a));
  const { limit } = worst.rule.tightest(worst.states);
  const wait = waitOf(worst);
  const fields = Object.fromEntries([...passedHeaders(judged), ...refusing.flatMap(openAiHeaders)]);
  const what = `Rate limit reached for ${worst.rule.counted}: ${limit.text}.`;
  if (wait === Infinity) {
    const message = `${what} This request alone is more than that.`;
    return refuse(
      'rate_limit_exceeded',
      message,
      { ...fields, 'x-should-retry': 'false' },
      worst.rule.counted,
    );
  }
  const headers = {
    ...fields,
    'retry-after': String(Math.max(1, Math.ceil(wait / 1000))),
    'retry-after-ms': String(Math.max(1, Math.ceil(wait))),
  };
  return refuse(
    'rate_limit_exceeded',
    `${what} Please try again in ${duration(wait)}.`,
    headers,
    worst.rule.counted,
  );
}

/** The upstream was not asked, because the request got no place: see {@link refuseNoPlace}. */
export class NoPlace extends WireFailure {
  /**
   * @param user - whose own limit, or whose own share of the queue, was the reason: others may get a place.
   *   Undefined where the upstream was busy for all
   */
  constructor(
    readonly refusal: Refusal,
    readonly user: string | undefined,
  ) {
    super('no_place', 'no place');
  }
}

/** 429 or 503 when the queue has no place, or had none in time. */
export function refuseNoPlace({ refusal }: NoPlace): Response {
  const { kind, cause, retryAfterMs } = refusal;
  const why = kind === 'full' ? 'The queue is full' : 'No place came free in time';
  const headers = {
    'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
    'retry-after-ms': String(Math.max(1, Math.ceil(retryAfterMs))),
  };
  if (cause === 'user')
    return refuse('concurrency_limit_exceeded', `${why}: too many requests of yours at once.`, headers);
  return refuse('overloaded', `${why}: the upstream is busy.`, headers);
}

function waitOf({ states }: Judged): number {
  return Math.max(...states.map(({ retryMs }) => retryMs));
}

function openAiHeaders({ rule, states }: Judged): [string, string][] {
  const { limit, state } = rule.tightest(states);
  return [
    [`x-ratelimit-limit-${rule.counted}`, String(limit.amount)],
    [`x-ratelimit-remaining-${rule.counted}`, String(state.remaining)],
    [`x-ratelimit-reset-${rule.counted}`, duration(state.resetMs)],
  ];
}
