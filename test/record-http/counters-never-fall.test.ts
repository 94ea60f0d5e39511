import { expect, test } from 'bun:test';
import { chat, chatPath } from '../limits-http/support.ts';
import { parseMetrics, type Sample, sum } from '../metrics/parse.ts';
import { childrenOf, freePort } from '../server/spawn.ts';
import { until } from '../support/until.ts';
import { answerKinds } from './kinds.ts';
import { startRecorded } from './support.ts';

/** Samples that may only rise. */
const isCounter = ({ name }: Sample): boolean => /_(total|count|sum|bucket)$/.test(name);
const keyOf = ({ name, labels }: Sample): string => `${name} ${JSON.stringify(labels)}`;

/** Those of `before` that fell, or are gone. */
function fallen(before: readonly Sample[], after: readonly Sample[]): string[] {
  const now = new Map(after.map((sample) => [keyOf(sample), sample.value]));
  return before
    .filter(isCounter)
    .filter((sample) => !((now.get(keyOf(sample)) ?? -1) >= sample.value))
    .map(keyOf);
}

test('kill -9 of workers between scrapes: no counter falls, whichever worker answers; gauges do', async () => {
  const env = { WORKERS: '3', PORT: String(await freePort()), LOG_LEVEL: 'warn', LOG_CHAT: 'false' };
  await using run = await startRecorded(env, answerKinds);
  const scrape = async () => {
    const response = await fetch(`${run.url}/metrics`, { headers: { connection: 'close' } });
    return parseMetrics(await response.text());
  };
  const asking = chat({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }, ['Connection: close']);
  const wave = async () => {
    await Promise.all(Array.from({ length: 30 }, () => run.ask(chatPath, asking)));
  };
  let asked = 0;
  let before: readonly Sample[] = [];
  for (let round = 0; round < 4; round++) {
    await wave();
    asked += 30;
    const counted = await until(async () => {
      const samples = await scrape();
      return sum(samples, 'aifd_requests_total') === asked ? samples : undefined;
    }, 'all are counted');
    expect(fallen(before, counted)).toEqual([]);
    before = counted;
    const workers = await childrenOf(run.aifd.pid);
    expect(workers.length).toBe(3);
    process.kill(workers[round % 3]!, 'SIGKILL');
    await until(async () => (await childrenOf(run.aifd.pid)).length === 2, 'it is gone');
    for (let i = 0; i < 5; i++) {
      const after = await scrape().catch(() => undefined);
      if (!after) continue;
      expect(fallen(before, after)).toEqual([]);
      before = after;
    }
    await until(async () => sum(await scrape(), 'aifd_workers') === 3, 'another takes its place');
    expect(sum(await scrape(), 'aifd_requests_total')).toBe(asked);
  }
}, 40_000);
