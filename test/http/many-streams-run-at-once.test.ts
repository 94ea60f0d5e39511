import { expect, test } from 'bun:test';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

const STREAMS = 1000;

test(`${STREAMS} streams are open at once, none waits for another to end`, async () => {
  await using upstream = await startUpstream((request) =>
    request.send(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n',
    ),
  );
  await using aifd = await spawnAifd(forwardingTo(upstream.url));
  const clients = await Promise.all(Array.from({ length: STREAMS }, () => RawClient.open(aifd.url)));
  try {
    for (const client of clients)
      client.send(requestBytes('/v1/chat/completions', { method: 'POST', body: '{}' }));
    await until(() => clients.every(({ log }) => log.includes('first')), 'all have begun', 10_000);
    for (const request of upstream.requests) request.send('4\r\nlast\r\n0\r\n\r\n');
    const texts = await Promise.all(clients.map(async (client) => (await client.response()).text));
    expect(texts.every((text) => text === 'firstlast')).toBe(true);
    expect(upstream.accepted).toBe(STREAMS);
  } finally {
    for (const client of clients) client.leave();
  }
}, 30_000);
