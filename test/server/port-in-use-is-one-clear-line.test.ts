import { expect, test } from 'bun:test';
import { spawnServer } from './spawn.ts';

test.each([[{}], [{ WORKERS: '2' }]] as [Record<string, string>][])(
  "another aifd's port (%p) is one clear line and exit code 1",
  async (env) => {
    await using first = await spawnServer(env);
    const { port } = new URL(first.url);
    await using second = await spawnServer({ ...env, PORT: port });
    const { code, text } = await second.ended();
    expect(text.split('\n').filter((line) => line.startsWith('aifd:'))).toEqual([
      `aifd: cannot listen on 127.0.0.1:${port}: the port is in use`,
    ]);
    expect(text).not.toContain('    at ');
    expect(code).toBe(1);
  },
);

test('one worker beside the two of another is refused too', async () => {
  await using first = await spawnServer({ WORKERS: '2' });
  const { port } = new URL(first.url);
  await using second = await spawnServer({ PORT: port });
  expect((await second.ended()).code).toBe(1);
});
