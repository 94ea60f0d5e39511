import { createServer } from 'node:net';
import { describe, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until, within } from '../support/until.ts';

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

const json = { method: 'POST', headers: ['Content-Type: application/json'], body: '{"a":1}' };

describe('a connection that is refused', () => {
  test('is tried again: an upstream that comes back in time answers', async () => {
    const port = await freePort();
    await using aifd = await startAifd({ OPENAI_BASE_URL: `http://127.0.0.1:${port}` });
    const asked = ask(aifd.url, '/x', json);
    await Bun.sleep(50);
    await using upstream = await startUpstream(undefined, { port });
    expect((await asked).text).toBe('ok');
    expect(upstream.requests.map(({ text }) => text)).toEqual(['{"a":1}']);
  });

  test('is at last 502 upstream_unreachable, naming the host and why', async () => {
    const port = await freePort();
    await using aifd = await startAifd({
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/secret`,
      MAX_RETRIES: '1',
    });
    const message = expectRefusal(await ask(aifd.url, '/x', json), 502, 'upstream_unreachable');
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain('refused');
    expect(message).not.toContain('secret');
  });

  test('a name that does not exist is named too', async () => {
    await using aifd = await startAifd({ OPENAI_BASE_URL: 'http://nowhere.invalid', MAX_RETRIES: '0' });
    const message = expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable');
    expect(message).toContain('nowhere.invalid');
    expect(message).toMatch(/resolve/);
  }, 15_000);
});

describe('an answer', () => {
  test.each([
    [503, json],
    [502, { method: 'GET' }],
    [504, { method: 'DELETE' }],
  ] as const)('of %d, then 200, is 200: %j', async (status, asked) => {
    await using upstream = await startUpstream((request, index) =>
      request.answer(index === 0 ? status : 200, 'x'),
    );
    await using aifd = await startAifd(forwardingTo(upstream.url));
    expect((await ask(aifd.url, '/x', asked)).status).toBe(200);
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.requests[1]!.text).toBe(upstream.requests[0]!.text);
  });

  test.each(['/v1/batches', '/v1/fine_tuning/jobs', '/v1/files'])(
    'of 504 to POST %s is not retried, though RETRY_STATUSES names it',
    async (path) => {
      await using upstream = await startUpstream((request) => request.answer(504, 'x'));
      await using aifd = await startAifd({ ...forwardingTo(upstream.url), RETRY_STATUSES: '503,504' });
      expect((await ask(aifd.url, path, json)).status).toBe(504);
      expect(upstream.requests).toHaveLength(1);
    },
  );

  test('with x-should-retry: false is not retried', async () => {
    await using upstream = await startUpstream((request) =>
      request.answer(503, 'x', ['X-Should-Retry: False']),
    );
    await using aifd = await startAifd(forwardingTo(upstream.url));
    expect((await ask(aifd.url, '/x', json)).status).toBe(503);
    expect(upstream.requests).toHaveLength(1);
  });

  test('that stays 503 reaches the client verbatim after MAX_RETRIES', async () => {
    await using upstream = await startUpstream((request) =>
      request.answer(503, '{"error":{"message":"sick"}}', ['Content-Type: application/json', 'X-Why: flu']),
    );
    await using aifd = await startAifd({ ...forwardingTo(upstream.url), MAX_RETRIES: '2' });
    const response = await ask(aifd.url, '/x', json);
    expect([response.status, response.text]).toEqual([503, '{"error":{"message":"sick"}}']);
    expect(response.header('x-why')).toBe('flu');
    expect(upstream.requests).toHaveLength(3);
  });

  test.each([400, 401, 404, 408, 429, 500, 501, 502, 504])(
    'of %d is not retried and stays verbatim',
    async (status) => {
      await using upstream = await startUpstream((request) =>
        request.answer(status, 'as it is', ['Retry-After: 0']),
      );
      await using aifd = await startAifd(forwardingTo(upstream.url));
      const response = await ask(aifd.url, '/x', json);
      expect([response.status, response.text, response.header('retry-after')]).toEqual([
        status,
        'as it is',
        '0',
      ]);
      expect(upstream.requests).toHaveLength(1);
    },
  );

  test('RETRY_STATUSES says which', async () => {
    await using upstream = await startUpstream((request, index) =>
      request.answer(index === 0 ? 429 : 503, 'x'),
    );
    await using aifd = await startAifd({ ...forwardingTo(upstream.url), RETRY_STATUSES: '429' });
    expect((await ask(aifd.url, '/x', json)).status).toBe(503);
    expect(upstream.requests).toHaveLength(2);
  });

  test('MAX_RETRIES=0 retries nothing', async () => {
    await using upstream = await startUpstream((request) => request.answer(503, 'x'));
    await using aifd = await startAifd({ ...forwardingTo(upstream.url), MAX_RETRIES: '0' });
    expect((await ask(aifd.url, '/x', json)).status).toBe(503);
    expect(upstream.requests).toHaveLength(1);
  });

  test('a broken one is not retried: the work may have been done', async () => {
    await using upstream = await startUpstream((request) => request.die());
    await using aifd = await startAifd(forwardingTo(upstream.url));
    expectRefusal(await ask(aifd.url, '/x', json), 502, 'upstream_disconnected');
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  test('is waited for', async () => {
    const times: number[] = [];
    await using upstream = await startUpstream((request, index) => {
      times.push(performance.now());
      request.answer(index === 0 ? 503 : 200, 'x', ['Retry-After: 1']);
    });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    expect((await ask(aifd.url, '/x', json)).status).toBe(200);
    // Timers may fire a millisecond early.
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
  });

  test('beyond MAX_RETRY_AFTER is the client’s affair', async () => {
    await using upstream = await startUpstream((request) => request.answer(503, 'x', ['Retry-After: 2']));
    await using aifd = await startAifd({ ...forwardingTo(upstream.url), MAX_RETRY_AFTER: '1' });
    const response = await ask(aifd.url, '/x', json);
    expect([response.status, response.header('retry-after')]).toEqual([503, '2']);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('never', () => {
  test('after the client left', async () => {
    await using upstream = await startUpstream((request) => request.answer(503, 'x', ['Retry-After: 1']));
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x', json));
    await upstream.request(0);
    client.leave();
    await Bun.sleep(1600);
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.accepted).toBe(1);
  });

  test('for a streamed body that was begun', async () => {
    await using upstream = await startUpstream(async (request) => {
      await request.whole();
      request.answer(503, 'sick');
    });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    const response = await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(100_000) });
    expect([response.status, response.text]).toEqual([503, 'sick']);
    expect(upstream.requests).toHaveLength(1);
  });

  test('once the first byte went to the client', async () => {
    await using upstream = await startUpstream((request) =>
      request.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
    );
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x', json));
    await client.seen('hello');
    upstream.requests[0]!.die();
    expect((await client.response()).complete).toBe(false);
    expect(upstream.requests).toHaveLength(1);
  });
});

test('a streamed body that was not begun yet goes to an upstream that comes back', async () => {
  const port = await freePort();
  await using aifd = await startAifd({ OPENAI_BASE_URL: `http://127.0.0.1:${port}` });
  const asked = ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(100_000) });
  await Bun.sleep(50);
  await using upstream = await startUpstream(undefined, { port });
  expect((await asked).text).toBe('ok');
  expect(upstream.requests[0]!.text).toHaveLength(100_000);
});

describe('a pooled connection', () => {
  test('is used again', async () => {
    await using upstream = await startUpstream();
    await using aifd = await startAifd(forwardingTo(upstream.url));
    for (let i = 0; i < 5; i++) expect((await ask(aifd.url, '/x', json)).status).toBe(200);
    expect(upstream.accepted).toBe(1);
  });

  test.each([
    ['3', 'end'],
    ['3', 'die'],
    ['0', 'end'],
  ] as const)('that proves dead (MAX_RETRIES=%s, %s) costs the client nothing', async (MAX_RETRIES, how) => {
    // The second request on a connection finds it closed under its feet.
    const seen = new Map<unknown, number>();
    await using upstream = await startUpstream((request) => {
      const count = (seen.get(request.socket) ?? 0) + 1;
      seen.set(request.socket, count);
      if (count > 1) request[how]();
      else request.answer(200, 'ok');
    });
    await using aifd = await startAifd({ ...forwardingTo(upstream.url), MAX_RETRIES });
    for (let i = 0; i < 4; i++) {
      const response = await ask(aifd.url, '/x', json);
      expect([response.status, response.text]).toEqual([200, 'ok']);
    }
  });

  test('that was closed while idle is not used', async () => {
    await using upstream = await startUpstream();
    await using aifd = await startAifd(forwardingTo(upstream.url));
    await ask(aifd.url, '/x', json);
    const [socket] = upstream.sockets;
    socket!.end();
    await until(() => upstream.sockets.size === 0);
    expect((await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(200);
  });

  test('that carried bytes nobody asked for is not used', async () => {
    await using upstream = await startUpstream((request, index) => {
      request.answer(200, `answer ${index}`);
      if (index === 0) request.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged');
    });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    for (let i = 0; i < 3; i++) expect((await ask(aifd.url, '/x', json)).text).toBe(`answer ${i}`);
  });
});

test('a sick upstream is not buried: the budget bounds the retries', async () => {
  await using upstream = await startUpstream((request) => request.answer(503, 'sick'));
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const all = Promise.all(Array.from({ length: 200 }, () => ask(aifd.url, '/x', json)));
  const statuses = await within(all, 'all are answered', 15_000);
  expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([503]));
  // 200 requests, a fifth of them again, and ten a second beside for the few seconds this takes.
  expect(upstream.requests.length).toBeLessThanOrEqual(200 + 40 + 30);
}, 20_000);
