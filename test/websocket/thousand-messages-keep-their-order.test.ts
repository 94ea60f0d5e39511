import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Client } from './client.ts';
import { startWebSocketUpstream } from './upstream.ts';

const count = 1000;
/** Text and binary in turn, every hundredth long. */
const message = (from: string, i: number): string | Buffer => {
  const text = `${from} ${i} ${'.'.repeat(i % 100 === 0 ? 300_000 : i % 50)}`;
  return i % 2 === 0 ? text : Buffer.from(text);
};

test('a thousand messages each way, sent at the same time, come in order and of their kind', async () => {
  await using upstream = startWebSocketUpstream({
    open: (socket) => {
      for (let i = 0; i < count; i++) socket.send(message('up', i));
    },
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  for (let i = 0; i < count; i++) client.socket.send(message('down', i));
  const got = [...(await client.received(count)), ...(await upstream.received(count))];
  const expected = ['up', 'down'].flatMap((from) =>
    Array.from({ length: count }, (_, i) => message(from, i)),
  );
  expect(got.map((each) => typeof each)).toEqual(expected.map((each) => typeof each));
  expect(got.map((each) => each.toString().slice(0, 12))).toEqual(
    expected.map((each) => each.toString().slice(0, 12)),
  );
  expect(got.map((each) => each.length)).toEqual(expected.map((each) => each.length));
});
