import { expect, test } from 'bun:test';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { ALLOWED, FLOOD, flood, joinPaused, memoryOf, stalled } from './flood.ts';
import { startRawUpstream } from './raw-upstream.ts';

test(
  'an upstream that does not read holds back a client of 500 MB; once it reads, all of it comes',
  async () => {
    using upstream = await startRawUpstream({ joined: ({ socket }) => socket.pause() });
    await using aifd = await spawnAifd(forwardingTo(upstream.url));
    const client = await joinPaused(aifd.url);
    const peer = await upstream.peer();
    const before = await memoryOf(aifd.pid);
    const state = flood(client, 'client');
    await stalled(state);
    expect({ ended: state.ended, all: state.sent >= FLOOD }).toEqual({ ended: false, all: false });
    expect((await memoryOf(aifd.pid)) - before).toBeLessThan(ALLOWED);
    let got = 0;
    peer.take = (bytes) => (got += bytes.length) as unknown as void;
    peer.socket.resume();
    await until(() => got >= FLOOD, 'all of it is upstream', 20_000);
    expect((await aifd.peakMemory()) - before).toBeLessThan(2 * ALLOWED);
    client.destroy();
  },
  40_000,
);
