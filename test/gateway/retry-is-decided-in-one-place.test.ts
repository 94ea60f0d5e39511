import { describe, expect, test } from 'bun:test';
import { decideRetry, retryAfterMs, type Tried } from '../../src/gateway/upstream/retry.ts';
import type { FailureKind } from '../../src/gateway/upstream/wire/failure.ts';

const options = { maxRetries: 3, maxRetryAfter: 10, retryStatuses: [502, 503, 504] };
const base: Tried = {
  attempts: 1,
  failure: undefined,
  status: 503,
  retryAfter: undefined,
  replayable: true,
  clientLeft: false,
};
const decide = (tried: Partial<Tried>, random = 0.5) =>
  decideRetry(
    { ...base, ...tried },
    options,
    () => true,
    () => random,
  );
const failed = (kind: FailureKind, staleConnection = false): Partial<Tried> => ({
  status: undefined,
  failure: { kind, staleConnection },
});

test.each([502, 503, 504])('%d is retried', (status) => {
  expect(decide({ status }).retry).toBe(true);
});

test.each([200, 204, 301, 400, 401, 404, 408, 413, 429, 500, 501, 599])('%d is not', (status) => {
  expect(decide({ status })).toEqual({ retry: false });
});

test.each(['refused', 'dns', 'connect_timeout', 'unreachable'] as const)('%s is retried', (kind) => {
  expect(decide(failed(kind)).retry).toBe(true);
});

test.each([
  'tls',
  'truncated',
  'disconnected',
  'invalid_response',
  'first_byte_timeout',
  'idle_timeout',
  'total_timeout',
  'upload_timeout',
  'upload_too_large',
  'aborted',
] as const)('%s is not', (kind) => {
  expect(decide(failed(kind))).toEqual({ retry: false });
});

test('a pooled connection found dead is retried at once, once', () => {
  expect(decide(failed('disconnected', true))).toEqual({ retry: true, delayMs: 0 });
});

test('not when the client left, the body is gone, or MAX_RETRIES are spent', () => {
  expect(decide({ clientLeft: true })).toEqual({ retry: false });
  expect(decide({ replayable: false })).toEqual({ retry: false });
  expect(decide({ attempts: 3 }).retry).toBe(true);
  expect(decide({ attempts: 4 })).toEqual({ retry: false });
});

test('the delay doubles from 0.2 s, with jitter', () => {
  for (const [attempts, full] of [
    [1, 200],
    [2, 400],
    [3, 800],
  ] as const) {
    const delays = [0, 0.25, 0.999].map((random) => {
      const decision = decide({ attempts }, random);
      return decision.retry ? decision.delayMs : NaN;
    });
    for (const delay of delays) {
      expect(delay).toBeGreaterThan(0);
      expect(delay).toBeLessThanOrEqual(full);
    }
    expect(new Set(delays).size).toBe(3);
  }
});

describe('Retry-After', () => {
  test('is honoured up to MAX_RETRY_AFTER', () => {
    expect(decide({ retryAfter: '3' })).toEqual({ retry: true, delayMs: 3000 });
    expect(decide({ retryAfter: '0' })).toEqual({ retry: true, delayMs: 0 });
    expect(decide({ retryAfter: '10' })).toEqual({ retry: true, delayMs: 10_000 });
    expect(decide({ retryAfter: '11' })).toEqual({ retry: false });
    expect(decide({ retryAfter: '1e9' }).retry).toBe(true);
  });

  test('is seconds or a date; nonsense is none', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:05 GMT', now)).toBe(0);
    for (const none of [undefined, null, '', 'soon', '-']) expect(retryAfterMs(none, now)).toBeUndefined();
  });
});

test('the budget is asked last, only when a retry would follow', () => {
  let asked = 0;
  const spend = (): boolean => {
    asked++;
    return false;
  };
  for (const tried of [{ clientLeft: true }, { status: 429 }, { attempts: 4 }, { retryAfter: '60' }]) {
    decideRetry({ ...base, ...tried }, options, spend);
  }
  expect(asked).toBe(0);
  expect(decideRetry(base, options, spend)).toEqual({ retry: false });
  expect(asked).toBe(1);
});
