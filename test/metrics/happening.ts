import type { Happening } from '../../src/record/happening.ts';

/** A JSON chat that went well, but for what is said otherwise. */
export function happeningWith(other: Partial<Happening> = {}): Happening {
  return {
    id: 'req-1',
    at: Date.UTC(2026, 10, 23, 12, 0, 0, 123),
    method: 'POST',
    path: '/v1/chat/completions',
    route: '/v1/chat/completions',
    family: 'chat',
    prefix: '/',
    target: 'api.openai.com',
    user: 'k:0123456789abcdefghijkl',
    address: '192.0.2.7',
    model: 'gpt-4o',
    stream: false,
    status: 200,
    end: 'whole',
    code: undefined,
    durationMs: 120.5,
    firstByteMs: 120,
    upstreamMs: 119,
    queueMs: 0,
    overheadMs: 0.4,
    attempts: 1,
    cache: undefined,
    usage: { input: 12, output: 30, cached: 4, reasoning: undefined, reported: true },
    bytesIn: 200,
    bytesOut: 800,
    request: undefined,
    answer: undefined,
    traceparent: undefined,
    ...other,
  };
}
