import { expect, test } from 'bun:test';
import { until } from '../support/until.ts';
import { childrenOf, spawnServer } from './spawn.ts';
import { openStream, startStreams, wholeStream } from './streams.ts';

const isUp = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`, { headers: { connection: 'close' } }).then(
    (response) => response.ok,
    () => false,
  );

test('kill -9 of a worker: the others serve on, and it is replaced', async () => {
  await using upstream = startStreams();
  await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, WORKERS: '2' });
  const before = await childrenOf(aifd.pid);
  expect(before).toHaveLength(2);
  process.kill(before[0]!, 'SIGKILL');
  await until(() => aifd.output.text.includes('worker 0 ended'), 'its end is told');
  // Only the other one can take these.
  const answers = await Promise.all(Array.from({ length: 20 }, () => isUp(aifd.url)));
  expect(answers).not.toContain(false);
  await until(async () => (await childrenOf(aifd.pid)).length === 2, 'it is replaced');
  const after = await childrenOf(aifd.pid);
  expect(after).not.toContain(before[0]!);
  // The new one must serve alone.
  process.kill(before[1]!, 'SIGKILL');
  await until(() => isUp(aifd.url), 'the new one serves', 10_000);
  const stream = await openStream(aifd.url);
  upstream.finish();
  expect(await stream.rest()).toBe(wholeStream);
  aifd.child.kill('SIGTERM');
  expect((await aifd.ended()).code).toBe(0);
}, 20_000);
