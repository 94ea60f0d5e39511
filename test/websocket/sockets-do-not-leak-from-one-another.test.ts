import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { Client } from './client.ts';
import { echo, startWebSocketUpstream } from './upstream.ts';

test('a hundred sockets at once each get their own messages, and all end upstream when they leave', async () => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const clients = await Promise.all(Array.from({ length: 100 }, () => Client.open(aifd.url)));
  for (let round = 0; round < 10; round++) {
    for (const [i, { socket }] of clients.entries()) socket.send(`${i} ${round}`);
  }
  for (const [i, client] of clients.entries()) {
    const expected = Array.from({ length: 10 }, (_, round) => `${i} ${round}`);
    expect(await client.received(10)).toEqual(expected);
  }
  for (const [i, { socket }] of clients.entries()) {
    if (i % 2 === 0) socket.terminate();
    else socket.close();
  }
  await until(() => upstream.sockets.every(({ readyState }) => readyState === 3), 'all end upstream');
});

test('a plain request and a WebSocket to one path both work, one after the other', async () => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd(forwardingTo(upstream.url));
  for (let i = 0; i < 3; i++) {
    expect((await fetch(`${aifd.url}/v1/realtime`)).status).toBe(400);
    using client = await Client.open(aifd.url);
    client.socket.send(`hello ${i}`);
    expect(await client.received(1)).toEqual([`hello ${i}`]);
  }
});
