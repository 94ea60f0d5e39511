import { expect, test } from 'bun:test';
import { freePort, startSupervised } from './fixtures/supervised.ts';

test('a port that another server shares by reusePort is refused, and no worker starts', async () => {
  const other = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: true,
    fetch: () => new Response('other'),
  });
  try {
    using supervised = startSupervised({ port: other.port! });
    expect(await supervised.next('log')).toEqual({
      event: 'log',
      line: `cannot listen on 127.0.0.1:${other.port}: the port is in use`,
    });
    expect(await supervised.child.exited).toBe(1);
    await expect(supervised.next('started')).rejects.toThrow('output ended');
  } finally {
    await other.stop(true);
  }
});

test('port 0 is refused: every worker would get another one', async () => {
  using supervised = startSupervised({ port: 0 });
  expect((await supervised.next('log')).line).toContain('fixed port');
  expect(await supervised.child.exited).toBe(2);
});

test('the probed port is free again for the workers', async () => {
  const port = freePort();
  using supervised = startSupervised({ port });
  await supervised.next('all ready');
  Bun.listen({ hostname: '127.0.0.1', port, exclusive: true, socket: { data() {} } }).stop(true);
});
