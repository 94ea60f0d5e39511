import { expect, test } from 'bun:test';
import { RawClient, type RawResponse, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { spawnServer } from './spawn.ts';
import { startStreams, wholeStream } from './streams.ts';

const STREAMS = 4000;
/** Two a stream for aifd, and two for this process, which is both client and upstream. */
const NEEDED_FILES = 10_000;

const hardLimit = Number(Bun.spawnSync(['sh', '-c', 'ulimit -Hn']).stdout.toString().trim() || Infinity);
const enough = !(hardLimit < NEEDED_FILES);
if (!enough)
  console.warn(`skipped: ${STREAMS} streams need ${NEEDED_FILES} open files, the hard limit is ${hardLimit}`);

test.skipIf(!enough)(
  `${STREAMS} streams at once on one worker all get their first event and end whole`,
  async () => {
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url });
    const request = requestBytes('/v1/chat/completions', {
      method: 'POST',
      headers: ['Content-Type: application/json'],
      body: '{"stream":true}',
    });
    const clients: RawClient[] = [];
    for (let i = 0; i < STREAMS; i += 200) {
      clients.push(...(await Promise.all(Array.from({ length: 200 }, () => RawClient.open(aifd.url)))));
    }
    for (const client of clients) client.send(request);
    await until(
      () => clients.every(({ log }) => log.includes('data: first')),
      'every first event comes',
      15_000,
    );
    expect(upstream.arrived).toBe(STREAMS);
    upstream.finish();
    const answers: RawResponse[] = await Promise.all(
      clients.map((client) => client.response('POST', 15_000)),
    );
    expect(answers.filter(({ complete, text }) => !complete || text !== wholeStream)).toEqual([]);
    for (const client of clients) client.leave();
  },
  40_000,
);
