import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Client } from './client.ts';
import { op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

test("the upstream's close without a code is one without a code (1005) at the client", async () => {
  using upstream = await startRawUpstream({ joined: (peer) => peer.send(op.close) });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  expect((await client.end()).code).toBe(1005);
});
