import type { Socket } from 'node:net';
import { describe, expect, test } from 'bun:test';
import { spawnAifd, startAifd } from '../support/aifd.ts';
import { makeCertificate } from '../support/certificate.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

describe.each(['localhost', '127.0.0.1'])('%s', (host) => {
  const limits = { TIMEOUT: '2', MAX_RETRIES: '0' };

  test('a self-signed one is 502, TLS is named, and no byte of the request goes out', async () => {
    await using upstream = await startUpstream(undefined, { tls: makeCertificate() });
    await using aifd = await startAifd({ OPENAI_BASE_URL: `https://${host}:${upstream.port}`, ...limits });
    const message = expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable');
    expect(message).toContain('TLS');
    expect(message).toContain(`${host}:${upstream.port}`);
    expect(upstream.requests).toHaveLength(0);
    await until(() => upstream.sockets.size === 0, 'the connection is let go', 1000);
  });

  test('with NODE_EXTRA_CA_CERTS it is accepted', async () => {
    const tls = makeCertificate();
    await using upstream = await startUpstream(undefined, { tls });
    const OPENAI_BASE_URL = `https://${host}:${upstream.port}`;
    await using aifd = await spawnAifd({ OPENAI_BASE_URL, NODE_EXTRA_CA_CERTS: tls.certFile, ...limits });
    expect((await ask(aifd.url, '/x')).text).toBe('ok');
    const big = await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(1_000_000) });
    expect(big.text).toBe('ok');
    expect(upstream.requests[1]!.text).toHaveLength(1_000_000);
  });
});

test('one of another host is refused though its signer is trusted', async () => {
  const tls = makeCertificate('DNS:another.test');
  await using upstream = await startUpstream(undefined, { tls });
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    NODE_EXTRA_CA_CERTS: tls.certFile,
    MAX_RETRIES: '0',
  });
  expect(expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable')).toContain('TLS');
  expect(upstream.requests).toHaveLength(0);
});

const answerPlainly = (socket: Socket): boolean => {
  socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  return false;
};

const hangUp = (socket: Socket): boolean => {
  socket.once('data', () => socket.destroy());
  return false;
};

test('an upstream that speaks no TLS is 502, TLS is named', async () => {
  await using upstream = await startUpstream(undefined, { onConnection: answerPlainly });
  await using aifd = await startAifd({
    OPENAI_BASE_URL: `https://127.0.0.1:${upstream.port}`,
    MAX_RETRIES: '0',
  });
  expect(expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable')).toContain('TLS');
});

test('an upstream that hangs up in the handshake is 502, TLS is named', async () => {
  await using upstream = await startUpstream(undefined, { onConnection: hangUp });
  await using aifd = await startAifd({
    OPENAI_BASE_URL: `https://127.0.0.1:${upstream.port}`,
    MAX_RETRIES: '0',
  });
  expect(expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable')).toContain('TLS');
});
