import { afterAll, expect, test } from 'bun:test';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { events, PacedStream, settle } from './pacing.ts';

let streams: PacedStream[] = [];
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  development: false,
  fetch: () => new Response(streams.at(-1)!.stream, { headers: { 'content-type': 'text/event-stream' } }),
});
afterAll(() => server.stop(true));

async function open(stream: PacedStream): Promise<RawClient> {
  streams = [stream];
  const client = await RawClient.open(server.url.href);
  return client.send(requestBytes('/'));
}

test('eleven events in one chunk reach the client one at a time', async () => {
  const stream = new PacedStream(1000 / 60);
  using client = await open(stream);
  stream.send(events(11).join(''));
  for (const [i, event] of events(11).entries()) {
    await client.seen(event);
    // Time stands still: whatever were to come now would have come with this one.
    await settle();
    expect([...client.log.matchAll(/data: \d+\n\n/g)].map(String)).toEqual(events(i + 1));
    if (i === 10) stream.body.end();
    await stream.clock.pass(17);
  }
  const response = await client.response();
  expect([response.complete, response.text]).toEqual([true, events(11).join('')]);
});

test('a cut upstream resets the client, behind what came before', async () => {
  const stream = new PacedStream(100);
  using client = await open(stream);
  stream.send(events(2).join(''));
  stream.cut();
  await client.seen('data: 0\n\n');
  expect(client.state).toBe('open');
  await stream.clock.pass(101);
  await client.ended();
  const response = await client.response();
  expect([response.complete, response.text]).toEqual([false, events(2).join('')]);
});

test('a client that leaves between two events cancels the upstream and its timer', async () => {
  const stream = new PacedStream(100);
  using client = await open(stream);
  stream.send(events(5).join(''));
  await client.seen('data: 0\n\n');
  await until(() => stream.clock.timers.size === 1);
  client.leave();
  await until(() => stream.told.includes('cancel'), 'the upstream is cancelled');
  expect(stream.clock.timers.size).toBe(0);
});

test('a client that does not read holds the upstream back', async () => {
  const stream = new PacedStream(0);
  using client = await open(stream);
  client.socket.pause();
  const event = `data: ${'x'.repeat(64 * 1024)}\n\n`;
  let sent = 0;
  await until(async () => {
    if (stream.told.at(-1) !== 'pause') stream.send(event);
    sent += event.length;
    await settle();
    // A stall that lasts is the client's: what it takes itself is taken within a few turns.
    for (let turn = 0; turn < 20 && stream.told.at(-1) === 'pause'; turn++) await settle();
    return stream.told.at(-1) === 'pause';
  }, 'the upstream is told to wait');
  expect(sent).toBeLessThan(64 * 1024 * 1024);
  client.socket.resume();
  await until(() => stream.told.at(-1) === 'resume', 'the upstream goes on');
});
