import { expect, test } from 'bun:test';
import { makeCertificate } from '../support/certificate.ts';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { ALLOWED, FLOOD, flood, joinPaused, memoryOf, stalled } from './flood.ts';
import { startRawUpstream } from './raw-upstream.ts';

test.each(['ws', 'wss'])(
  '%s: an upstream that does not read holds back a client of 500 MB; once it reads, all of it comes',
  async (scheme) => {
    const tls = scheme === 'wss' ? makeCertificate() : undefined;
    using upstream = await startRawUpstream({ tls, joined: ({ socket }) => socket.pause() });
    await using aifd = await spawnAifd({
      ...forwardingTo(upstream.url),
      ...(tls && { NODE_EXTRA_CA_CERTS: tls.certFile }),
    });
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
