import { describe, expect, test } from 'bun:test';
import {
  decideRetry,
  isIdempotent,
  retryAfterMs,
  startsWork,
  type Tried,
} from '../../src/gateway/upstream/retry.ts';
import type { FailureKind } from '../../src/gateway/upstream/wire/failure.ts';

const options = { maxRetries: 3, maxRetryAfter: 10, retryStatuses: [503] };
const base: Tried = {
  attempts: 1,
  failure: undefined,
  status: 503,
  retryAfter: undefined,
  shouldRetry: undefined,
  idempotent: false,
  startsWork: false,
  replayable: true,
  clientLeft: false,
};
const decide = (tried: Partial<Tried>, random = 0.5, retryStatuses = options.retryStatuses) =>
  decideRetry(
    { ...base, ...tried },
    { ...options, retryStatuses },
    () => true,
    () => random,
  );
const failed = (kind: FailureKind, staleConnection = false): Partial<Tried> => ({
  status: undefined,
  failure: { kind, staleConnection },
});

test('503 is retried', () => {
  expect(decide({ status: 503 }).retry).toBe(true);
});

test.each([200, 204, 301, 400, 401, 404, 408, 413, 429, 500, 501, 502, 504, 599])('%d is not', (status) => {
  expect(decide({ status })).toEqual({ retry: false });
});

describe('502 and 504', () => {
  test.each([502, 504])('%d of an idempotent method is retried, unless RETRY_STATUSES is empty', (status) => {
    expect(decide({ status, idempotent: true }).retry).toBe(true);
    expect(decide({ status, idempotent: true }, 0.5, [])).toEqual({ retry: false });
  });

  test.each([500, 502, 504])('%d of a POST is retried when it is named, but where work starts', (status) => {
    expect(decide({ status }, 0.5, [status]).retry).toBe(true);
    expect(decide({ status, startsWork: true }, 0.5, [status])).toEqual({ retry: false });
    expect(decide({ status, startsWork: true, idempotent: true }, 0.5, [status]).retry).toBe(true);
  });

  test.each([429, 503])('%d says that no work was begun', (status) => {
    expect(decide({ status, startsWork: true }, 0.5, [status]).retry).toBe(true);
  });
});

test('x-should-retry: false is heeded', () => {
  expect(decide({ shouldRetry: 'false' })).toEqual({ retry: false });
  expect(decide({ shouldRetry: 'true' }).retry).toBe(true);
});

test.each(['disconnected', 'truncated'] as const)('%s is retried for an idempotent method', (kind) => {
  expect(decide({ ...failed(kind), idempotent: true }).retry).toBe(true);
});

test('GET, HEAD, OPTIONS, PUT, DELETE and TRACE are idempotent', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])
    expect(isIdempotent(method)).toBe(true);
  for (const method of ['POST', 'PATCH', 'LOCK', 'get']) expect(isIdempotent(method)).toBe(false);
});

test('batches, fine-tuning and files start work', () => {
  for (const path of [
    '/v1/batches',
    '/x/v1/fine_tuning/jobs',
    '/v1/fine-tunes',
    '/v1/files',
    '/v1/uploads/u/parts',
  ])
    expect(startsWork(path)).toBe(true);
  for (const path of ['/v1/chat/completions', '/v1/batches-x', '/v1/myfiles', '/'])
    expect(startsWork(path)).toBe(false);
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
    for (const none of [
      undefined,
      null,
      '',
      'soon',
      '-',
      'Thu, 32 Jan 2026 00:00:05 GMT',
      'Thu, 01 Foo 2026 00:00:05 GMT',
    ])
      expect(retryAfterMs(none, now)).toBeUndefined();
  });
});

describe('a date', () => {
  const now = Date.parse('2026-11-24T00:00:00Z');

  test.each([
    'Tue, 24 Nov 2026 00:00:05 GMT',
    'tue, 24 nov 2026 00:00:05 gmt',
    'Tuesday, 24-Nov-26 00:00:05 GMT',
    'Tue Nov 24 00:00:05 2026',
    'Tue, 24 Nov 2026 00:00:05 +0000',
  ])('%s is UTC, whatever the zone of the process', (date) => {
    const { TZ } = process.env;
    try {
      for (process.env.TZ of ['UTC', 'America/New_York', 'Asia/Shanghai'])
        expect(retryAfterMs(date, now)).toBe(5000);
    } finally {
      process.env.TZ = TZ ?? 'UTC';
    }
  });

  test('of a day below ten, as C writes it', () => {
    expect(retryAfterMs('Sun Dec  6 00:00:00 2026', now)).toBe(12 * 86_400_000);
  });

  test('of a year in two digits is the last that is not over 50 years ahead', () => {
    expect(retryAfterMs('Sunday, 06-Nov-94 08:49:37 GMT', now)).toBe(0);
    expect(retryAfterMs('Tuesday, 24-Nov-76 00:00:00 GMT', now)).toBe(Date.UTC(2076, 10, 24) - now);
    expect(retryAfterMs('Thursday, 24-Nov-77 00:00:00 GMT', now)).toBe(0);
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
