import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { emptyFolder, spawnAifd } from '../support/aifd.ts';
import { ask, RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { chat, chatPath, chunk, delta, limit, remainingTokens, spawnWorkers, streamHead } from './support.ts';

test('after SIGTERM what waits in the queue has its turn still', async () => {
  const held: UpstreamRequest[] = [];
  await using upstream = await startUpstream((request) => void held.push(request));
  await using aifd = await spawnAifd({ OPENAI_BASE_URL: upstream.url, CONCURRENCY_LIMIT: '1' });
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(aifd.url)));
  for (const client of clients) client.send(requestBytes(chatPath));
  await until(() => held.length === 1, 'one is upstream');
  await ask(aifd.url, '/healthz');
  aifd.child.kill('SIGTERM');
  for (let i = 0; i < 3; i++) {
    await until(() => held.length === i + 1, 'the next is upstream');
    held[i]!.answer(200, 'ok');
  }
  expect((await Promise.all(clients.map((client) => client.response()))).map(({ status }) => status)).toEqual(
    [200, 200, 200],
  );
  expect(await aifd.child.exited).toBe(0);
});

test('streams that a stop cuts are settled, and the process ends in order', async () => {
  await using upstream = await startUpstream(async (request) => {
    await request.whole();
    if (request.text.includes('"stream"')) request.send(streamHead + chunk(delta('x'.repeat(400))));
    else request.answer(400, 'x');
  });
  const env = {
    OPENAI_BASE_URL: upstream.url,
    DATA_DIR: emptyFolder(),
    TOKENS_LIMIT: limit('10000/hour'),
    SHUTDOWN_TIMEOUT: '0.1',
    CONCURRENCY_LIMIT: '100',
  };
  {
    await using aifd = await spawnAifd(env);
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(aifd.url)));
    for (const client of clients)
      client.send(requestBytes(chatPath, chat({ stream: true, max_tokens: 1900 })));
    for (const client of clients) await client.seen('xxx');
    aifd.child.kill('SIGTERM');
    expect({ code: await aifd.child.exited, output: aifd.output.text }).toMatchObject({ code: 0 });
    expect(aifd.output.text).not.toMatch(/error|panic/i);
  }
  await using again = await spawnAifd(env);
  const used = 10_000 - remainingTokens(await ask(again.url, chatPath, chat({ max_tokens: 1 })));
  // Five times a hundred came, and not five times 1,900.
  expect(used).toBeGreaterThan(450);
  expect(used).toBeLessThan(700);
}, 20_000);

test('a worker that is killed in a storm costs nobody the limit', async () => {
  let seen = 0;
  await using upstream = await startUpstream(async (request) => {
    await request.whole();
    seen++;
    request.answer(200, 'ok');
  });
  const env = { OPENAI_BASE_URL: upstream.url, DATA_DIR: emptyFolder(), REQ_RATE_LIMIT: limit('100/hour') };
  await using aifd = await spawnWorkers(env);
  let asked = 0;
  const storm = Array.from({ length: 20 }, async () => {
    for (let i = 0; i < 40; i++) {
      asked++;
      await ask(aifd.url, chatPath).catch(() => {});
    }
  });
  await until(() => asked > 60, 'the storm has begun');
  const children = readFileSync(`/proc/${aifd.pid}/task/${aifd.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  expect(children).toHaveLength(4);
  process.kill(children[0]!, 'SIGKILL');
  await Promise.all(storm);
  // What was counted and then died with the worker may be missing, and nothing may be more.
  expect(seen).toBeLessThanOrEqual(100);
  expect(seen).toBeGreaterThanOrEqual(80);
  await until(async () => (await ask(aifd.url, chatPath)).status === 429, 'all workers refuse');
}, 20_000);
