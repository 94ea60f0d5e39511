import { expect, test } from 'bun:test';
import { said, spawn } from './aifd.ts';

const listening = /listening on http:\/\/127\.0\.0\.1:(\d+)\/? \(started in \d+ ms\)\n/;
const args = ['run', '--host', '127.0.0.1', '--port', '0'];

test.each(['SIGTERM', 'SIGINT'] as const)(
  'it says where it listens, answers there, and %s ends it with 0',
  async (signal) => {
    const child = spawn(args);
    const [, port] = await said(child.stdout, listening);
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe('OK');
    child.kill(signal);
    expect(await child.exited).toBe(0);
  },
);

test('a port in use is one clear line and exit code 1', async () => {
  using taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const child = spawn(['run', '--host', '127.0.0.1', '--port', String(taken.port)]);
  const [err, code] = await Promise.all([child.stderr.text(), child.exited]);
  expect(err).toBe(`aifd: cannot listen on 127.0.0.1:${taken.port}: the port is in use\n`);
  expect(code).toBe(1);
});

test('a host name that nobody knows is not called a port in use', async () => {
  const child = spawn(['run', '--host', 'nowhere.invalid', '--port', '0']);
  const [err, code] = await Promise.all([child.stderr.text(), child.exited]);
  expect(err).toBe('aifd: cannot listen on nowhere.invalid:0: that host name is not known\n');
  expect(code).toBe(1);
});

test('certificates that are none are bad configuration', async () => {
  const files = { 'cert.pem': 'junk', 'key.pem': 'junk' };
  const child = spawn([...args, '--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem'], { files });
  const [err, code] = await Promise.all([child.stderr.text(), child.exited]);
  expect(err).toMatch(/^aifd: TLS_CERT_FILE and TLS_KEY_FILE can't be used: .+\n$/);
  expect(code).toBe(2);
});

test('real keys without forward keys are warned of', async () => {
  const child = spawn(args, { env: { OPENAI_API_KEY: 'sk-0123456789abcd' } });
  await said(child.stdout, listening);
  child.kill();
  const err = await child.stderr.text();
  expect(err).toMatch(
    /^WARNING: OPENAI_API_KEY is set without FORWARD_KEY: anyone who reaches 127\.0\.0\.1:/,
  );
  expect(err).not.toContain('0123456789');
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s ends it at once', async (signal, code) => {
  const arrived = Promise.withResolvers<void>();
  using upstream = Bun.serve({
    port: 0,
    idleTimeout: 0,
    fetch: () => {
      arrived.resolve();
      return new Promise<Response>(() => {});
    },
  });
  const child = spawn([...args, '--openai-base-url', `http://127.0.0.1:${upstream.port}`]);
  const [, port] = await said(child.stdout, listening);
  const open = fetch(`http://127.0.0.1:${port}/v1/models`).catch(() => 'cut');
  await arrived.promise;
  child.kill(signal);
  // It no longer accepts: the first signal has been seen.
  while (
    await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } }).then(
      () => true,
      () => false,
    )
  );
  // A SIGINT too soon after the first is taken for its echo: whoever wants to leave presses again.
  for (let ended = false; !ended;) {
    child.kill(signal);
    ended = await Promise.race([child.exited.then(() => true), Bun.sleep(400).then(() => false)]);
  }
  expect(await child.exited).toBe(code);
  expect(await open).toBe('cut');
});
