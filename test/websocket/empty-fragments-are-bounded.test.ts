import { expect, test } from 'bun:test';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { ALLOWED, joinPaused } from './flood.ts';
import { frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

test('ten million empty fragments of one message do not fill the memory', async () => {
  const begin = Promise.withResolvers<void>();
  using upstream = await startRawUpstream({
    joined: async ({ socket }) => {
      await begin.promise;
      socket.write(frame(op.binary, '', { fin: false }));
      // Two zero bytes are an empty fragment.
      socket.write(Buffer.alloc(20 * 1024 * 1024));
      socket.write(frame(op.continuation, 'end'));
    },
  });
  await using aifd = await spawnAifd(forwardingTo(upstream.url));
  const client = await joinPaused(aifd.url);
  const before = await aifd.peakMemory();
  let state = '';
  client.on('data', (bytes: Buffer) => (state += bytes.toString('latin1')));
  client.on('close', () => (state += 'closed'));
  client.resume();
  begin.resolve();
  await until(() => /end|closed/.test(state), 'the message comes, or the socket ends', 15_000);
  expect((await aifd.peakMemory()) - before).toBeLessThan(ALLOWED);
  client.destroy();
}, 20_000);
