import { expect, test } from 'bun:test';
import { spawnServer } from './spawn.ts';

const ready = 'aifd is ready to serve!';

test.each([[{}], [{ WORKERS: '2' }]] as [Record<string, string>][])('with %p', async (env) => {
  await using first = await spawnServer(env);
  expect(first.output.text).toContain(ready);
  expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  await using second = await spawnServer({ ...env, PORT: new URL(first.url).port });
  const { code, text } = await second.ended();
  expect(text).toContain('the port is in use');
  expect(text).not.toContain(ready);
  expect(code).toBe(1);
});
