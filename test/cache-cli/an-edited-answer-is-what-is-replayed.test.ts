import { expect, test } from 'bun:test';
import { folder } from '../cli/aifd.ts';
import { hold } from './cache.ts';
import { entryWith, keyOf, readAll, recordingOf } from './support.ts';

const events = [['content-type', 'text/event-stream']] as const;
const chunk = (text: string): string => `data: {"choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
const ever = { expiresAt: 0, keptUntil: 0 };

const file = await recordingOf([
  { key: keyOf(1), entry: entryWith({ about: ever }) },
  {
    key: keyOf(2),
    entry: entryWith({ about: ever, headers: events, body: `${chunk('Hel')}${chunk('lo')}data: [DONE]\n\n` }),
  },
  { key: keyOf(3), entry: entryWith({ about: ever, body: '{\n  "text": "Hello!"\n}\n' }) },
]);

test('the new text comes back in the bytes that the old one had around it', async () => {
  const [plain, streamed, indented] = await readAll(
    file.replaceAll('Hello!', 'Good-bye!').replace('"Hel"', '"Hal"'),
  );
  expect(Buffer.from(plain!.entry.body).toString()).toBe(
    '{"choices":[{"index":0,"message":{"role":"assistant","content":"Good-bye!"}}]}',
  );
  expect(Buffer.from(streamed!.entry.body).toString()).toBe(`${chunk('Hal')}${chunk('lo')}data: [DONE]\n\n`);
  expect(Buffer.from(indented!.entry.body).toString()).toBe('{\n  "text": "Good-bye!"\n}\n');
});

test('a running process gives it', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'memory', entries: 0 });
  const { cache } = holder;
  await cache(['import', '-'], file);
  await cache(['import', '-'], file.replaceAll('Hello!', 'Good-bye!'));
  expect((await cache(['show', keyOf(1), '--raw'])).out).toContain('"content":"Good-bye!"');
  expect((await cache(['show', keyOf(2)])).out).toContain('TEXT\nHello\n');
});

test('what has expired is told, and --ttl makes it fresh', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'memory', entries: 0 });
  const { cache } = holder;
  const about = { storedAt: 1e12, expiresAt: 1e12 + 1000, keptUntil: 1e12 + 5000 };
  const old = await recordingOf([{ key: keyOf(1), entry: entryWith({ about }) }]);
  const { out, err, code } = await cache(['import', '-'], old);
  expect([out, code]).toEqual(['imported 1 entry\n', 0]);
  expect(err).toBe('aifd: 1 of them had expired already: --ttl 0 imports them for ever\n');
  const listed = async () => JSON.parse((await cache(['list', '--json'])).out) as { about: typeof about };
  expect((await cache(['import', '-', '--ttl', '0'], old)).err).toBe('');
  expect((await listed()).about).toMatchObject({ storedAt: 1e12, expiresAt: 0, keptUntil: 0 });
  expect((await cache(['import', '-', '--ttl', '7d'], old)).err).toBe('');
  const { expiresAt, keptUntil } = (await listed()).about;
  expect(Math.abs(expiresAt - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
  expect(keptUntil - expiresAt).toBe(4000);
});
