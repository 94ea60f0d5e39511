import { expect, test } from 'bun:test';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startControl } from '../../src/server/control.ts';
import { MemoryEntries } from '../../src/store/entries/memory.ts';
import { RemoteEntries } from '../../src/store/entries/remote.ts';
import { folder } from '../cli/aifd.ts';
import { cacheIn, hold } from './cache.ts';
import { entryWith, keyOf, listOf, made } from './support.ts';

const cache = { backend: 'memory', path: '', maxSize: 2 ** 30 };
const store = () => new MemoryEntries({ maxSize: 2 ** 30 });

test('nothing that runs is one line and exit code 1', async () => {
  const { err, code, out } = await cacheIn(folder(), 'memory')(['stats']);
  expect(err).toMatch(
    /^aifd: no running aifd with a memory cache has a socket in .+run: start it with .+\n$/,
  );
  expect([code, out]).toEqual([1, '']);
});

test('sockets of dead processes are passed over, and taken away by the next start', async () => {
  const dataDir = folder();
  const dead = await hold({ dataDir, backend: 'memory', entries: 1 });
  await dead[Symbol.asyncDispose]();
  const stale = join(dataDir, 'run', `${dead.pid}.sock`);
  expect(existsSync(stale)).toBe(true);
  expect((await cacheIn(dataDir, 'memory')(['stats'])).err).toContain('no running aifd');
  // A file that is none, and what is not ours, stays.
  writeFileSync(join(dataDir, 'run', 'notes.txt'), '');
  await using next = await hold({ dataDir, backend: 'memory', entries: 2 });
  expect(existsSync(stale)).toBe(false);
  expect(existsSync(join(dataDir, 'run', 'notes.txt'))).toBe(true);
  expect((await next.cache(['stats', '--json'])).out).toContain('"entries": 2');
});

test('the folder is for its owner alone, a stop takes the socket away', async () => {
  const dataDir = folder();
  const run = made(join(dataDir, 'run'));
  chmodSync(run, 0o777);
  const control = await startControl(dataDir, store(), { cache });
  expect(statSync(run).mode & 0o777).toBe(0o700);
  expect(readdirSync(run)).toEqual([`${process.pid}.sock`]);
  // A second one in this process, or one of another container with the same id.
  const second = await startControl(dataDir, store(), { cache });
  expect(readdirSync(run)).toHaveLength(2);
  await control.stop();
  await second.stop();
  expect(readdirSync(run)).toEqual([]);
});

/** What listens where a process of aifd would. */
function pretend(listen: (unix: string) => { stop(force: boolean): unknown }) {
  const dataDir = folder();
  const listener = listen(join(made(join(dataDir, 'run')), '1.sock'));
  return {
    cache: cacheIn(dataDir, 'memory'),
    [Symbol.dispose]: () => void listener.stop(true),
  };
}

test('a process that hangs is given up with a clear line', async () => {
  using other = pretend((unix) => Bun.serve({ unix, fetch: () => new Promise<Response>(() => {}) }));
  const { err, code } = await other.cache(['list']);
  expect(err).toMatch(/^aifd: the aifd at .+1\.sock did not answer in 3 s\n$/);
  expect(code).toBe(1);
});

test.each([200, 404, 500])('what answers %d and is no aifd is named', async (status) => {
  using other = pretend((unix) => Bun.serve({ unix, fetch: () => new Response('{}', { status }) }));
  const { err, code } = await other.cache(['list']);
  expect(err).toMatch(/^aifd: what listens on .+1\.sock is no aifd\n$/);
  expect(code).toBe(1);
});

test('what speaks no HTTP is a clear line', async () => {
  const socket = { data: (to: { end(text: string): unknown }) => void to.end('junk\r\n\r\n') };
  using other = pretend((unix) => Bun.listen({ unix, socket }));
  const { err, code } = await other.cache(['list']);
  expect(err).toMatch(/^aifd: .*1\.sock.*\n$/);
  expect(code).toBe(1);
});

test('a path longer than the kernel takes is no hindrance', async () => {
  const dataDir = made(join(folder(), 'd'.repeat(150)));
  await using holder = await hold({ dataDir, backend: 'memory', entries: 2 });
  expect((await holder.cache(['stats', '--json'])).out).toContain('"entries": 2');
});

async function* failing() {
  yield { key: keyOf(1), about: entryWith().about, usedAt: 0, size: 1 };
  throw new Error('the disk is gone');
}

test('a list that breaks off is an error and no shorter list', async () => {
  const dataDir = folder();
  const broken = store();
  await broken.put(keyOf(1), entryWith());
  broken.list = failing;
  const control = await startControl(dataDir, broken, { cache });
  expect(listOf(new RemoteEntries(control.path))).rejects.toThrow('the disk is gone');
  await control.stop();
});

test('damaged bytes and odd requests are refused, and the process goes on', async () => {
  const dataDir = folder();
  const control = await startControl(dataDir, store(), { cache });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://aifd${path}`, { ...init, unix: control.path });
  const wrong = [
    await ask(`/entries/${keyOf(1)}`, { method: 'PUT', body: 'junk' }),
    await ask('/entries/../../etc/passwd'),
    await ask('/entries/remove', { method: 'POST', body: '{"a":1}' }),
    await ask('/entries/remove', { method: 'POST', body: '[1' }),
    await ask(`/entries/${'A'.repeat(32)}`, { method: 'DELETE' }),
    await ask('/'),
  ];
  expect(wrong.map(({ status }) => status)).toEqual([500, 404, 500, 500, 404, 404]);
  const remote = new RemoteEntries(control.path);
  expect(await remote.stats()).toEqual({ entries: 0, bytes: 0 });
  expect(await remote.get(keyOf(1))).toBeUndefined();
  await control.stop();
  expect(remote.stats()).rejects.toThrow('nobody listens on');
});
