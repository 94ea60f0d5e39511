import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Control, startControl } from '../../src/server/control.ts';
import { MemoryEntries } from '../../src/store/entries/memory.ts';
import { folder } from '../cli/aifd.ts';
import { cacheIn } from './cache.ts';
import { entryWith, hour, keyOf } from './support.ts';

const dataDir = folder();
const cache = cacheIn(dataDir, 'memory');
let control: Control;

const day = 24 * hour;
const now = Date.now();

beforeAll(async () => {
  const store = new MemoryEntries({ maxSize: 2 ** 30 });
  control = await startControl(dataDir, store, { cache: { backend: 'memory', path: '', maxSize: 2 ** 30 } });
  const put = (number: number, about: object, body?: Uint8Array) =>
    store.put(keyOf(number), entryWith({ about, ...(body && { body }) }));
  await put(0xa1, { model: 'gpt-4o', storedAt: now - 8 * day, expiresAt: 0, keptUntil: 0 });
  await put(0xa2, { model: 'gpt-4o-mini', expiresAt: now - 1000, keptUntil: 0, user: 'k:0123456789abcdef' });
  await put(0xa3, { model: 'o1\u001b[2J\n', route: 'POST /v1/responses?a=b' }, new Uint8Array([255, 0, 27]));
});
afterAll(() => control.stop());

const keysOf = async (...args: string[]): Promise<string[]> => {
  const { out, code } = await cache(['list', '--json', ...args]);
  expect(code).toBe(0);
  const lines = out.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { key: string }).key.slice(-2)).toSorted();
};

test.each([
  [[], ['a1', 'a2', 'a3']],
  [['--model', 'gpt-4o'], ['a1']],
  [
    ['--model', 'gpt-*'],
    ['a1', 'a2'],
  ],
  [['--model', '*4o*i'], ['a2']],
  [
    ['--route', '/v1/chat/completions'],
    ['a1', 'a2'],
  ],
  [['--route', '/v1/responses'], ['a3']],
  [['--route', 'POST /v1/responses?a=b'], ['a3']],
  [
    ['--route', '/v1/*'],
    ['a1', 'a2', 'a3'],
  ],
  [['--older-than', '7d'], ['a1']],
  [['--expired'], ['a2']],
  [['--expired', '--model', 'gpt-4o'], []],
  [['--id', keyOf(0xa3)], ['a3']],
  [
    ['--id', '0000'],
    ['a1', 'a2', 'a3'],
  ],
])('%p filters', async (args, keys) => {
  expect(await keysOf(...args)).toEqual(keys);
});

test('a line an entry, and nothing that a terminal would obey', async () => {
  const { out } = await cache(['list']);
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^ID +AGE +LEFT +SIZE +USER +MODEL +ROUTE$/);
  expect(lines).toHaveLength(4);
  expect(out).toMatch(/^0{12} {2}8d +ever +\S+ \S+ +- +gpt-4o +POST \/v1\/chat\/completions$/m);
  expect(out).toMatch(/^0{12} {2}1m +over +\S+ \S+ +k:01234567 +gpt-4o-mini /m);
  expect(out).toContain(String.raw`o1\u001b[2J\u000a`);
  expect(out).not.toContain('\u001b');
});

test('stats count by model and route', async () => {
  const { out } = await cache(['stats']);
  expect(out).toContain('entries  3\n');
  expect(out).toContain('expired  1\n');
  expect(out).toMatch(/oldest {3}8d ago\nnewest {3}1m ago\n/);
  expect(out).toMatch(/^ +1 +\S+ \S+ {2}gpt-4o-mini +POST \/v1\/chat\/completions$/m);
  expect(out).not.toContain('\u001b');
});

test('show gives bytes as they are, and says what is no text', async () => {
  expect([...(await cache(['show', keyOf(0xa3), '--raw'])).bytes]).toEqual([255, 0, 27]);
  const { out } = await cache(['show', keyOf(0xa3)]);
  expect(out).toContain('(3 B, not text: --raw gives them)');
  expect(JSON.parse((await cache(['show', keyOf(0xa3), '--json'])).out)).toMatchObject({
    key: keyOf(0xa3),
    answer: { base64: '/wAb' },
  });
});

test('a beginning of several keys, and of none, is told', async () => {
  const start = keyOf(0xa3).slice(0, 31);
  const several = await cache(['show', start]);
  expect(several.err).toContain(`3 entry IDs start with ${start}: `);
  expect(several.err).toContain(keyOf(0xa2));
  expect(several.code).toBe(1);
  expect(await cache(['show', 'f'])).toMatchObject({
    err: 'aifd: no entry has an ID that starts with f\n',
    code: 1,
  });
  const purge = await cache(['purge', '--id', start]);
  expect([purge.err.includes('3 entry IDs start with'), purge.code]).toEqual([true, 1]);
  expect(await keysOf()).toHaveLength(3);
});

test('a dry run leaves all', async () => {
  const { out, code } = await cache(['purge', '--all', '--dry-run']);
  expect(out).toMatch(/^would remove 3 entries \(.+\)\n$/);
  expect(code).toBe(0);
  expect(await keysOf()).toHaveLength(3);
});

test('on a terminal a purge asks first', async () => {
  const main = join(import.meta.dir, '../../src/cli/main.ts');
  const command = `${process.execPath} ${main} cache purge --all`;
  const answer = async (text: string) => {
    const child = Bun.spawn(['script', '-qec', command, '/dev/null'], {
      env: { PATH: process.env.PATH, DATA_DIR: dataDir },
      cwd: folder(),
      stdin: Buffer.from(text),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
    return { out, code };
  };
  const refused = await answer('n\n');
  expect(refused.out).toMatch(/remove 3 entries \(.+\)\? \[y\/N\] /);
  expect([refused.out.includes('nothing was removed'), refused.code]).toEqual([true, 1]);
  expect(await keysOf()).toHaveLength(3);
  const agreed = await answer('y\n');
  expect([agreed.out.includes('removed 3 entries'), agreed.code]).toEqual([true, 0]);
  expect(await keysOf()).toEqual([]);
});
