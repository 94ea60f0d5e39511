import { expect, test } from 'bun:test';
import { makeCertificate } from '../support/certificate.ts';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { ALLOWED, FLOOD, flood, joinPaused, memoryOf, stalled } from './flood.ts';
import { startRawUpstream } from './raw-upstream.ts';

test.each(['ws', 'wss'])(
  '%s: a client that does not read holds back an upstream of 500 MB; once it reads, all of it comes',
  async (scheme) => {
    const tls = scheme === 'wss' ? makeCertificate() : undefined;
    let state = { sent: 0, ended: false };
    const begin = Promise.withResolvers<void>();
    using upstream = await startRawUpstream({
      tls,
      joined: async ({ socket }) => {
        await begin.promise;
        state = flood(socket, 'upstream');
      },
    });
    await using aifd = await spawnAifd({
      ...forwardingTo(upstream.url),
      ...(tls && { NODE_EXTRA_CA_CERTS: tls.certFile }),
    });
    const client = await joinPaused(aifd.url);
    const before = await memoryOf(aifd.pid);
    begin.resolve();
    await until(() => state.sent > 0, 'the flood begins');
    await stalled(state);
    expect({ ended: state.ended, all: state.sent >= FLOOD }).toEqual({ ended: false, all: false });
    expect((await memoryOf(aifd.pid)) - before).toBeLessThan(ALLOWED);
    let got = 0;
    client.on('data', (bytes: Buffer) => (got += bytes.length));
    client.resume();
    await until(() => got >= FLOOD, 'all of it comes', 20_000);
    expect((await aifd.peakMemory()) - before).toBeLessThan(2 * ALLOWED);
    client.destroy();
  },
  40_000,
);
