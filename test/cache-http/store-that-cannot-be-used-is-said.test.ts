import { expect, test } from 'bun:test';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { chat, expectHit, freePort, numbered, statusOf } from './support.ts';
import { inLmdb, newFolder, runToItsEnd, spawnBefore, startNumbered, untilKept } from './store-support.ts';

const said = (text: string, pattern: RegExp): number =>
  text.split('\n').filter((line) => pattern.test(line)).length;

test('a folder that is a file stops the start, in words, with exit code 2', async () => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, 'no folder');
  for (const workers of ['1', '2']) {
    const env = { ...inLmdb(file), OPENAI_BASE_URL: 'http://127.0.0.1:9', WORKERS: workers };
    const { code, output } = await runToItsEnd(env, String(freePort()));
    expect([workers, code]).toEqual([workers, 2]);
    expect(output).toContain(file);
    expect(output).toContain('CACHE_BACKEND');
    expect(output).not.toMatch(/\n\s+at /);
  }
}, 30_000);

test.skipIf(process.getuid?.() === 0)('a folder that may not be written stops the start', async () => {
  const folder = newFolder();
  chmodSync(folder, 0o500);
  const { code } = await runToItsEnd({
    ...inLmdb(join(folder, 'below')),
    OPENAI_BASE_URL: 'http://127.0.0.1:9',
  });
  expect(code).toBe(2);
});

test('the default folder is under DATA_DIR', async () => {
  await using upstream = await startNumbered();
  const data = join(newFolder(), 'deep', 'er');
  const { CACHE_ROOT_PATH_OR_URL: _, ...env } = inLmdb('');
  await using aifd = await spawnBefore(upstream, { ...env, DATA_DIR: data });
  await aifd.ask(chat());
  await untilKept(aifd.aifd.url, chat());
  expect(readdirSync(join(data, 'cache'))).toEqual(['lmdb']);
}, 20_000);

test('nothing is made on disk where no route is cached', async () => {
  await using upstream = await startNumbered();
  const folder = join(newFolder(), 'none');
  await using aifd = await spawnBefore(upstream, { ...inLmdb(folder), CACHE_CHAT_COMPLETION: 'false' });
  expect((await aifd.ask(chat())).status).toBe(200);
  expect(existsSync(folder)).toBe(false);
}, 20_000);

const trouble = /cache: cannot be/;

test.skipIf(!hasRedis)(
  'Redis that goes: requests go upstream, that is said once, and it is used again when it is back',
  async () => {
    await using upstream = await startNumbered();
    const redis = await startRedis();
    await using aifd = await spawnBefore(upstream, {
      CACHE_CHAT_COMPLETION: 'true',
      CACHE_BACKEND: redis.url,
      MAX_RETRIES: '0',
    });
    await aifd.ask(chat());
    expectHit(await untilKept(aifd.aifd.url, chat()));
    await redis[Symbol.asyncDispose]();
    for (let i = 0; i < 6; i++) {
      const began = performance.now();
      // Another each time: an answer that waits to be written is found.
      const response = await aifd.ask(chat({ seed: i }));
      expect(response.status).toBe(200);
      expect(performance.now() - began).toBeLessThan(3000);
      expect(statusOf(response)).toContain('fwd=uri-miss');
    }
    await until(() => trouble.test(aifd.aifd.output.text), 'it is said');
    await Bun.sleep(300);
    expect(said(aifd.aifd.output.text, /cannot be read/)).toBe(1);
    expect(said(aifd.aifd.output.text, /cannot be written/)).toBeLessThanOrEqual(1);
    await using again = await startRedis(redis.port);
    expect(again.url).toBe(redis.url);
    await until(
      async () => {
        await aifd.ask(chat({ again: 1 }));
        return (await aifd.ask(chat({ again: 1 }))).header('cache-status')?.includes('; hit');
      },
      'it is used again',
      15_000,
    );
  },
  40_000,
);

test('Redis that is not there at the start does not stop it', async () => {
  await using upstream = await startNumbered();
  await using aifd = await spawnBefore(upstream, {
    CACHE_CHAT_COMPLETION: 'true',
    CACHE_BACKEND: `redis://127.0.0.1:${freePort()}`,
    MAX_RETRIES: '0',
  });
  for (let i = 0; i < 4; i++) expect((await aifd.ask(chat({ seed: i }))).status).toBe(200);
  expect(upstream.requests).toHaveLength(4);
  await until(() => trouble.test(aifd.aifd.output.text), 'it is said');
  expect(said(aifd.aifd.output.text, /cannot be read/)).toBe(1);
}, 30_000);

/** A file system of its own, that is soon full; undefined where we may not mount one. */
function smallDisk(size: string): { path: string; unmount: () => void } | undefined {
  const path = newFolder();
  const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  if (mounted.exitCode !== 0) return undefined;
  return { path, unmount: () => void Bun.spawnSync(['umount', '-l', path]) };
}
const probe = smallDisk('1m');
probe?.unmount();

test.skipIf(!probe)(
  'a full disk: requests go upstream, and that is said once',
  async () => {
    const padding = 'z'.repeat(200_000);
    await using upstream = await startNumbered(async (request, index) => {
      await request.whole();
      if (request.message.complete)
        request.answer(200, numbered(index, { padding }), ['Content-Type: application/json']);
    });
    const disk = smallDisk('4m')!;
    try {
      await using aifd = await spawnBefore(upstream, inLmdb(join(disk.path, 'cache')));
      for (let i = 0; i < 60; i++) {
        const response = await aifd.ask(chat({ i }));
        expect([i, response.status, response.complete]).toEqual([i, 200, true]);
      }
      await until(() => /cannot be written/.test(aifd.aifd.output.text), 'it is said');
      for (let i = 0; i < 60; i++) expect((await aifd.ask(chat({ i }))).status).toBe(200);
      expect(aifd.aifd.child.exitCode).toBeNull();
      expect(said(aifd.aifd.output.text, /cannot be written/)).toBeLessThanOrEqual(2);
      // LMDB itself writes "Write error: No space left on device position …" to stderr at every put that fails.
      expect(aifd.aifd.output.text.split('Write error').length - 1).toBeLessThanOrEqual(3);
    } finally {
      disk.unmount();
    }
  },
  60_000,
);

// lmdb 3.5.6 would end the process (SIGSEGV, or malloc's assertion) when it makes its file on a full disk.
const sizes = ['4k', '8k', '12k', '16k', '20k', '32k'];
test.skipIf(!probe).each(sizes)(
  'a disk that is full from the start (%s) is said, or lived without',
  async (size) => {
    const disk = smallDisk(size)!;
    try {
      const { code, output } = await runToItsEnd({
        ...inLmdb(join(disk.path, 'cache')),
        OPENAI_BASE_URL: 'http://127.0.0.1:9',
      });
      // It ran until it was stopped, or said why not.
      expect(output).not.toMatch(/panic|Segmentation|Bus error/);
      if (code === 2) expect(output).toContain(disk.path);
      else expect(output).toContain('listening on');
    } finally {
      disk.unmount();
    }
  },
  30_000,
);
