import { expect, test } from 'bun:test';
import { isOver, runOrder } from '../../bench/load/load.ts';
import type { Order, Pattern } from '../../bench/load/order.ts';
import { Schedule } from '../../bench/load/schedule.ts';
import { holdFor, question, rateFor } from '../../bench/scenarios/patterns.ts';
import { expectedBody } from '../../bench/load/question.ts';
import { startMockUpstream } from '../../bench/upstream/main.ts';

const asked = question();

function orderOf(port: number, pattern: Pattern, more: Partial<Order> = {}): Order {
  const usual = {
    path: '/v1/chat/completions',
    headers: {},
    keys: ['k'],
    answers: 'exact',
    limit: 10,
  } as const;
  return { port, pattern, question: asked, ...usual, ...more };
}

test('requests are due evenly, and those that were not sent in time are due none the less', () => {
  const schedule = new Schedule(100, 1000, 5);
  expect(schedule.next(99.9)).toBeUndefined();
  expect(schedule.next(100)).toBe(100);
  expect(schedule.next(100.5)).toBeUndefined();
  // The loop was held up: what was due meanwhile comes at once, with the times it was due at.
  const late = [1, 2, 3, 4, 5].map(() => schedule.next(200));
  expect(late).toEqual([101, 102, 103, 104, undefined]);
});

test('at a fixed rate, an upstream that stalls is in the latency of all that were due meanwhile', async () => {
  const stall = 200;
  const server = stallingServer(stall);
  try {
    const pattern = { kind: 'open', rate: 200, seconds: 1, connections: 1 } as const;
    const report = await runOrder(orderOf(server.port, pattern), () => {});
    expect(report.requests).toBe(200);
    // One answer in 100 stalls. Counted from when it was sent, one in 100 would be slow; from when it was due, a
    // fifth of a second's requests each time.
    expect(report.p99).toBeGreaterThan(stall * 0.9);
    expect(report.p50).toBeGreaterThan(20);
  } finally {
    server.stop();
  }
});

/** Answers at once, but every 50th request of a connection only after `ms`. */
function stallingServer(ms: number): { port: number; stop(): void } {
  const body = expectedBody(asked);
  const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  let seen = 0;
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        if (++seen % 50 === 0) setTimeout(() => socket.write(answer), ms);
        else socket.write(answer);
      },
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}

test('each pattern sends what it says, and a stream is told by its events', async () => {
  const counted = { requests: 0 };
  const upstream = startMockUpstream(0, () => void (counted.requests += 1));
  try {
    const stream = question({ stream: true, wish: { chunks: 5, interval: 2 } });
    const { port } = upstream;
    const closed = await runOrder(
      orderOf(port, { kind: 'closed', connections: 4, seconds: 0.1 }, { question: stream }),
      () => {},
    );
    expect(closed.requests).toBe(counted.requests);
    expect(closed.first50).toBeLessThan(closed.p50!);
    expect(closed.gap50).toBeGreaterThan(1);
    expect(closed.gapMax).toBeGreaterThanOrEqual(closed.gap50!);

    let started = 0;
    const burst = await runOrder(
      orderOf(port, { kind: 'burst', connections: 50 }, { question: stream }),
      () => void (started += 1),
    );
    expect([burst.requests, started]).toEqual([50, 1]);
    expect(burst.allStarted).toBeGreaterThanOrEqual(burst.first50!);
  } finally {
    upstream.stop();
  }
});

const wishing = (query: string): Partial<Order> => ({ path: `/?${query}` });

test('a wrong answer, a closed connection and one that never answers each fail the order', async () => {
  const upstream = startMockUpstream();
  const pattern = { kind: 'closed', connections: 2, seconds: 0.05 } as const;
  const run = (more: Partial<Order>): Promise<unknown> =>
    runOrder(orderOf(upstream.port, pattern, more), () => {});
  await expect(run(wishing('size=10'))).rejects.toThrow(/bytes of body instead of/);
  await expect(run(wishing('status=500'))).rejects.toThrow(/HTTP\/1.1 500/);
  await expect(run({ ...wishing('delay=5000'), limit: 0.1 })).rejects.toThrow(/not there in 0.1 s/);
  upstream.stop();
  await expect(run({})).rejects.toThrow(/could not connect/);
});

test('a closed loop ends after its time, with enough answers, or when it took far too long', () => {
  expect(isOver(999, 1000, 10_000)).toBe(false);
  expect(isOver(1000, 1000, 10_000)).toBe(true);
  expect(isOver(1000, 1000, 20)).toBe(false);
  expect(isOver(4000, 1000, 20)).toBe(true);
});

test('slow contenders are asked less, and their streams held for longer', () => {
  expect(rateFor(1000, { json: 20_000 })).toBe(1000);
  expect(rateFor(1000, { json: 100 })).toBe(50);
  expect(holdFor(1000, 800, { json: 20_000 })).toBe(800);
  expect(holdFor(1000, 800, { json: 100 })).toBe(13_000);
});
