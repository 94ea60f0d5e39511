import { parseHead } from '../../src/gateway/upstream/wire/head.ts';
import type { Stage } from './stage.ts';

const short = [
  'HTTP/1.1 200 OK',
  'Content-Type: application/json',
  'X-Request-Id: req_0123456789',
  'Content-Length: 700',
].join('\r\n');

/** As OpenAI answers. */
const long = [
  'HTTP/1.1 200 OK',
  'Date: Mon, 24 Nov 2025 10:00:00 GMT',
  'Content-Type: text/event-stream; charset=utf-8',
  'Transfer-Encoding: chunked',
  'Connection: keep-alive',
  'access-control-expose-headers: X-Request-ID',
  'openai-organization: org-example',
  'openai-processing-ms: 312',
  'openai-project: proj_example',
  'openai-version: 2020-10-01',
  'x-envoy-upstream-service-time: 330',
  'x-ratelimit-limit-requests: 10000',
  'x-ratelimit-limit-tokens: 200000',
  'x-ratelimit-remaining-requests: 9999',
  'x-ratelimit-remaining-tokens: 199970',
  'x-ratelimit-reset-requests: 8.64s',
  'x-ratelimit-reset-tokens: 9ms',
  'x-request-id: req_0123456789abcdef0123456789abcdef',
  'cf-cache-status: DYNAMIC',
  'X-Content-Type-Options: nosniff',
  'Server: cloudflare',
  'alt-svc: h3=":443"; ma=86400',
].join('\r\n');

/** The head of the upstream's answer. */
export function responseHead(): Stage {
  return {
    cases: [
      { name: 'of 3 fields', run: () => parseHead(short, 'POST') },
      { name: 'of 21 fields', run: () => parseHead(long, 'POST') },
    ],
  };
}
