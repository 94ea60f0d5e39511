import { expect, test } from 'bun:test';
import { within } from '../support/until.ts';
import { spawnServer } from './spawn.ts';
import { openStream, startStreams } from './streams.ts';

test.each([[{}], [{ WORKERS: '2' }]] as [Record<string, string>][])(
  'SHUTDOWN_TIMEOUT (%p) over: what is open is cut so that the client can tell, and it exits with 0',
  async (env) => {
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, SHUTDOWN_TIMEOUT: '0.5', ...env });
    const stream = await openStream(aifd.url);
    aifd.child.kill('SIGTERM');
    expect(await stream.rest().catch(() => 'cut')).toBe('cut');
    // Well under the 5 s after which a supervisor kills.
    expect((await within(aifd.ended(), 'it ends', 4000)).code).toBe(0);
  },
  20_000,
);

test('SHUTDOWN_TIMEOUT=0 cuts at once', async () => {
  await using upstream = startStreams();
  await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, SHUTDOWN_TIMEOUT: '0' });
  const stream = await openStream(aifd.url);
  aifd.child.kill('SIGTERM');
  expect(await stream.rest().catch(() => 'cut')).toBe('cut');
  expect((await within(aifd.ended(), 'it ends', 4000)).code).toBe(0);
});

test('a WebSocket that stays open is cut too', async () => {
  await using upstream = Bun.serve({
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('no')),
    websocket: { message() {} },
  });
  await using aifd = await spawnServer({
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`,
    SHUTDOWN_TIMEOUT: '0.5',
  });
  const socket = new WebSocket(`${aifd.url.replace('http', 'ws')}/v1/realtime`);
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener('close', ({ code }) => resolve(code)),
  );
  aifd.child.kill('SIGTERM');
  // 1000 would say that the conversation is over.
  expect(await within(closed, 'the WebSocket ends')).not.toBe(1000);
  expect((await within(aifd.ended(), 'it ends', 4000)).code).toBe(0);
});
