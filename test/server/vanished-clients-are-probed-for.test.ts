import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** The kind of timer of a connection, see proc_net_tcp in the kernel's documentation: 2 is that of keep-alive probes. */
function timerOf(localPort: number, peerPort: number): string | undefined {
  for (const line of readFileSync('/proc/self/net/tcp', 'utf8').split('\n')) {
    const [, local, peer, , , timer] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hex(localPort)}`) && peer?.endsWith(`:${hex(peerPort)}`)) return timer;
  }
  return undefined;
}

const isLinux = process.platform === 'linux';

test.skipIf(!isLinux)('a client that waits for its answer is probed by the kernel', async () => {
  await using upstream = await startUpstream(() => {});
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/v1/models'));
  const port = client.socket.localPort!;
  const timer = await until(
    () => [timerOf(aifd.port, port)].find((found) => found?.startsWith('02:')),
    'a keep-alive timer is set',
  );
  // Hundredths of a second until the first probe.
  expect(Number.parseInt(timer.slice(3), 16)).toBeLessThanOrEqual(60 * 100);
});
