import { expect, test } from 'bun:test';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { ALLOWED, FLOOD, joinPaused, memoryOf, stalled } from './flood.ts';
import { frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

/** Many pings at a time: one by one they would cost this process more than aifd. */
const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(op.ping, Buffer.alloc(125))));

test('an upstream that sends 500 MB of pings and reads no pong does not fill the memory', async () => {
  const state = { sent: 0, ended: false };
  const begin = Promise.withResolvers<void>();
  using upstream = await startRawUpstream({
    joined: async ({ socket }) => {
      await begin.promise;
      socket.pause();
      socket.on('close', () => (state.ended = true));
      const write = (): void => {
        while (state.sent < FLOOD && !state.ended) {
          state.sent += pings.length;
          if (!socket.write(pings)) return void socket.once('drain', write);
        }
      };
      write();
    },
  });
  await using aifd = await spawnAifd(forwardingTo(upstream.url));
  const client = await joinPaused(aifd.url);
  const before = await memoryOf(aifd.pid);
  begin.resolve();
  await until(() => state.sent > 0, 'the flood begins');
  await stalled(state);
  expect((await memoryOf(aifd.pid)) - before).toBeLessThan(ALLOWED);
  client.destroy();
}, 40_000);
