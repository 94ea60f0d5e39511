import { expect, test } from 'bun:test';
import { spawnServer } from './spawn.ts';

test('a PROXY whose password has a bare % is told in lines, with exit code 2 and no stack trace', async () => {
  await using aifd = await spawnServer({ PROXY: 'http://user:100%sure@127.0.0.1:3128' });
  const { code, text } = await aifd.ended();
  expect(text).toMatch(/^aifd: PROXY /m);
  expect(text).not.toMatch(/^ +at /m);
  expect(text).not.toContain('100%sure');
  expect(code).toBe(2);
});
