import { expect, test } from 'bun:test';
import { Refused } from '../../src/config/kinds.ts';
import { optionNames, optionOf } from '../../src/config/options.ts';

/** Values that are easily lost on the way; an option that takes none of them takes its default. */
const odd: Record<string, readonly string[]> = {
  LOG_REDACT: ['["(?i)pass/word: \\\\S+", "a\\\\\\\\/b", "\\\\d{4}[- ]?\\\\d{4}", "中\\"文"]'],
  REQ_RATE_LIMIT: ['{"/v1/chat/completions": "60/minute;600/hour", "/x": "inf"}', '{}'],
  TOKENS_LIMIT: ['{"/v1": "100 per 2 minutes"}'],
  TOKEN_RATE_LIMIT: ['{"/v1": "60/second"}'],
  GLOBAL_RATE_LIMIT: ['100/2minutes', 'inf'],
  PRICES: ['{"m*": {"input": 0.1, "cached": 0.01, "output": 2.5, "cache_write": 3, "minute": 0.006}}'],
  RETRY_STATUSES: ['none', '502,503'],
  CORS_ORIGINS: ['*', 'https://a.example,http://b.example:8080'],
  TIMEOUT: ['0.0000001', '500ms', '2m'],
  CACHE_TTL: ['0.5', '24h', '7d'],
  CACHE_ROOT_PATH_OR_URL: ['/srv/a@b#c?d'],
  LOG_KEEP: ['30d', '10'],
  MAX_BODY_SIZE: ['25mb', '1.5kb'],
  OTEL_RESOURCE_ATTRIBUTES: ['a=b%2Cc,d=%25zz%3D'],
  CACHE_ROUTES: ['["/v1/chat/completions", "/below/*"]'],
  EXTRA_BASE_URL: ['https://a.example/v1/,http://b.example:81'],
};

const shown = optionNames.filter((name) => !optionOf(name).secret);

test.each(shown.map((name) => [optionOf(name).env, name] as const))('%s', (env, name) => {
  const { kind, default: fallback } = optionOf(name);
  const texts = [...(odd[env] ?? []), fallback, ...Object.values(odd).flat()];
  let tried = 0;
  for (const text of texts) {
    const value = text === '' ? kind.empty : kind.parse(text);
    // Another option's sample.
    if (value instanceof Refused) continue;
    const printed = kind.show(value as never);
    // A part that may be a secret, which is never shown whole.
    if (kind.conceal && /\*\*\*|…/.test(printed)) continue;
    const again = printed === '' ? kind.empty : kind.parse(printed);
    expect(again).not.toBeInstanceOf(Refused);
    expect(kind.show(again as never)).toBe(printed);
    expect(comparable(again)).toEqual(comparable(value));
    tried++;
  }
  expect(tried).toBeGreaterThan(0);
});

/** Regular expressions as text, which is what is compared. */
const comparable = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((each) => (each instanceof RegExp ? String(each) : each)) : value;
