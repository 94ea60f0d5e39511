import { expect, test } from 'bun:test';
import { load } from '../../src/config/load.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { startUpstream } from '../support/upstream.ts';

const edge = {
  addressOf: () => '127.0.0.1',
  liftIdleLimit: () => {},
  limitStall: () => {},
  restoreIdleLimit: () => {},
  upgrade: () => false,
};

test('a target that goes is said once, and so is its return', async () => {
  const gone = await startUpstream();
  const { port } = gone;
  await gone[Symbol.asyncDispose]();
  const env = { OPENAI_BASE_URL: `http://127.0.0.1:${port}`, MAX_RETRIES: '1' };
  const said: string[] = [];
  const { config } = load({ flags: {}, env, cwd: '/nowhere' });
  const gateway = new Gateway(
    config,
    () => {},
    (line) => said.push(line),
  );
  const ask = () => gateway.handle(new Request('http://x/v1/models'), edge);
  expect([(await ask())?.status, (await ask())?.status]).toEqual([502, 502]);
  expect(said).toEqual([`127.0.0.1:${port} cannot be reached: connection refused`]);
  const server = Bun.serve({ port, hostname: '127.0.0.1', fetch: () => new Response('ok') });
  expect((await ask())?.status).toBe(200);
  expect(said[1]).toBe(`127.0.0.1:${port} answers again`);
  expect(said).toHaveLength(2);
  await server.stop(true);
  await gateway.close();
});
