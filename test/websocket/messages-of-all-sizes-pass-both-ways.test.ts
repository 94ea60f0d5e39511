import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Dice } from '../support/random.ts';
import { Client } from './client.ts';
import { echo, startWebSocketUpstream } from './upstream.ts';

const MiB = 1024 * 1024;
const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_003, 16 * MiB];

function patterned(length: number): Buffer {
  const pattern = new Dice(7).bytes(251);
  return Buffer.alloc(length, length === 0 ? undefined : pattern);
}

test.each(sizes)('%d bytes of binary come back whole', async (size) => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  const sent = patterned(size);
  client.socket.send(sent);
  const [got] = await client.received(1);
  expect(Buffer.isBuffer(upstream.messages[0])).toBe(true);
  expect(Buffer.compare(upstream.messages[0] as Buffer, sent)).toBe(0);
  expect(Buffer.compare(got as Buffer, sent)).toBe(0);
});

test.each(sizes)('%d bytes of text come back as text', async (size) => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  // Characters of 1 to 4 bytes, 10 bytes together.
  const sent = 'aé中😀'.repeat(Math.floor(size / 10)) + 'x'.repeat(size % 10);
  client.socket.send(sent);
  const [got] = await client.received(1);
  expect(typeof upstream.messages[0]).toBe('string');
  expect(upstream.messages[0] === sent).toBe(true);
  expect(got === sent).toBe(true);
});

test('a message over 16 MiB from the client ends both sides', async () => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  client.socket.send(Buffer.alloc(16 * MiB + 1));
  expect((await client.end()).code).not.toBe(1000);
  expect((await upstream.end()).code).not.toBe(1000);
  expect(upstream.messages).toEqual([]);
});
