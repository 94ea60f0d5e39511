import { expect, test } from 'bun:test';
import { closeSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { chat, chatPath, expectHit, freePort, spawnWorkers } from './support.ts';
import { inLmdb, newFolder, spawnBefore, startNumbered, untilKept } from './store-support.ts';

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a kept answer is there after ${signal}`, async () => {
    await using upstream = await startNumbered();
    const folder = newFolder();
    const texts: string[] = [];
    {
      await using first = await spawnBefore(upstream, inLmdb(folder));
      for (let i = 0; i < 20; i++) texts.push((await first.ask(chat({ i }))).text);
      if (signal === 'SIGKILL') for (let i = 0; i < 20; i++) await untilKept(first.aifd.url, chat({ i }));
      await first.stop(signal);
    }
    await using second = await spawnBefore(upstream, inLmdb(folder));
    for (let i = 0; i < 20; i++) {
      const hit = await second.ask(chat({ i }));
      expectHit(hit);
      expect(hit.text).toBe(texts[i]!);
    }
    expect(upstream.requests).toHaveLength(20);
  }, 30_000);
}

test('killed at any moment under load, it opens again, and no answer is wrong', async () => {
  await using upstream = await startNumbered(async (request) => {
    await request.whole();
    if (!request.message.complete) return;
    const { i } = JSON.parse(request.text) as { i: number };
    const message = { role: 'assistant', content: `${i} ${'x'.repeat(3000)}` };
    const body = JSON.stringify({
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    });
    request.answer(200, body, ['Content-Type: application/json']);
  });
  const folder = newFolder();
  let hits = 0;
  for (let round = 0; round < 5; round++) {
    await using aifd = await spawnBefore(upstream, inLmdb(folder));
    const over = { now: false };
    const load = Array.from({ length: 8 }, async (_, lane) => {
      for (let n = 0; !over.now; n++) {
        const i = (lane * 37 + n * 11) % 400;
        const response = await aifd.ask(chat({ i })).catch(() => undefined);
        if (!response?.complete || response.status !== 200) continue;
        expect(response.text).toContain(`"content":"${i} xxx`);
        if (response.header('cache-status')?.includes('; hit')) hits++;
      }
    });
    await Bun.sleep(300 + round * 70);
    over.now = true;
    await aifd.stop('SIGKILL');
    await Promise.all(load);
  }
  expect(hits).toBeGreaterThan(0);
}, 60_000);

test('two workers share one store', async () => {
  await using upstream = await startNumbered();
  const env = {
    ...inLmdb(newFolder()),
    WORKERS: '2',
    OPENAI_BASE_URL: upstream.url,
    PORT: String(freePort()),
  };
  await using aifd = await spawnWorkers(env);
  const url = `http://127.0.0.1:${env.PORT}`;
  // What one worker knows at once, the other finds when it is written.
  await until(async () => (await askedOften(url)).every(({ hit }) => hit), 'both workers find it');
  const asked = upstream.requests.length;
  expect(new Set((await askedOften(url)).map(({ text }) => text)).size).toBe(1);
  expect(upstream.requests).toHaveLength(asked);
  expect(asked).toBeLessThanOrEqual(2);
  expect(aifd.pid).toBeGreaterThan(0);
}, 30_000);

/** Each on a connection of its own: the kernel gives them to both. */
async function askedOften(url: string): Promise<{ hit: boolean; text: string }[]> {
  const answers: { hit: boolean; text: string }[] = [];
  for (let i = 0; i < 30; i++) {
    const answer = await ask(url, chatPath, chat());
    answers.push({ hit: answer.header('cache-status')?.includes('; hit') === true, text: answer.text });
  }
  return answers;
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile());

const damages: [string, (path: string) => void][] = [
  ['cut to half', (path) => truncateSync(path, statSync(path).size >> 1)],
  ['cut to nothing', (path) => truncateSync(path, 0)],
  ['cut to some bytes', (path) => truncateSync(path, 100)],
  ['overwritten at its start', (path) => overwrite(path, 0, 8192)],
  ['overwritten behind its start', (path) => overwrite(path, 8192, statSync(path).size - 8192)],
];

function overwrite(path: string, at: number, length: number): void {
  const file = openSync(path, 'r+');
  if (length > 0) writeSync(file, Buffer.alloc(length, 0xa5), 0, length, at);
  closeSync(file);
}

// Cut to half, lmdb 3.5.6 would end the process with a bus error; with a supervisor it would start again for ever.
test.each(damages)(
  'a data file that is %s: it starts and answers, or says why not',
  async (_, damage) => {
    await using upstream = await startNumbered();
    const folder = newFolder();
    {
      await using first = await spawnBefore(upstream, inLmdb(folder));
      for (let i = 0; i < 50; i++) await first.ask(chat({ i, pad: 'y'.repeat(5000) }));
      await first.stop('SIGTERM');
    }
    const data = files(folder).filter((name) => name.endsWith('.mdb') && !name.endsWith('lock.mdb'));
    expect(data.length).toBeGreaterThan(0);
    for (const path of data) damage(path);
    const started = await spawnBefore(upstream, inLmdb(folder)).catch((error: Error) => error);
    if (started instanceof Error) {
      // In words, with the place: no stack, no signal.
      expect(started.message).toContain(folder);
      expect(started.message).not.toMatch(/panic|Segmentation|SIGBUS|\n\s+at /);
      return;
    }
    await using aifd = started;
    for (let i = 0; i < 50; i++) {
      const response = await aifd.ask(chat({ i, pad: 'y'.repeat(5000) }));
      expect([i, response.status]).toEqual([i, 200]);
      expect(response.text).toContain('"content":"answer ');
    }
    expect(aifd.aifd.child.exitCode).toBeNull();
  },
  30_000,
);
