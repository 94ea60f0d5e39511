import { expect, test } from 'bun:test';
import { spawnAifd } from '../support/aifd.ts';
import { makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';
import { closing, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

test('wss to aifd and wss upstream: messages, the close code and its reason pass', async () => {
  const tls = makeCertificate();
  using upstream = await startRawUpstream({ tls, joined: (peer) => peer.send(op.text, 'x'.repeat(300_000)) });
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    NODE_EXTRA_CA_CERTS: tls.certFile,
    TLS_CERT_FILE: tls.certFile,
    TLS_KEY_FILE: tls.keyFile,
  });
  const options = { tls: { rejectUnauthorized: false } } as never;
  const socket = new WebSocket(`${aifd.url.replace('https', 'wss')}/v1/realtime`, options);
  const messages: string[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
  socket.addEventListener('message', ({ data }) => messages.push(data as string));
  const peer = await upstream.peer();
  await until(() => messages.length > 0, 'the message comes');
  expect(messages[0]).toBe('x'.repeat(300_000));
  socket.send('up');
  await until(() => peer.frames.length > 0, 'the message is upstream');
  expect(peer.frames[0]).toMatchObject({ opcode: op.text, payload: Buffer.from('up') });
  peer.send(op.close, closing(4003, 'enough'));
  expect(await closed).toMatchObject({ code: 4003, reason: 'enough' });
});
