import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until, within } from '../support/until.ts';
import type { UpstreamRequest } from '../support/upstream.ts';
import {
  chat,
  chatPath,
  chunk,
  delta,
  jsonType,
  lastChunk,
  limit,
  sseType,
  startWay,
  streamHead,
} from './support.ts';

const streaming = chat({ stream: true });
const paced = (pace: string, route?: string) => ({ TOKEN_RATE_LIMIT: limit(pace, route) });
const events = (count: number): string[] => Array.from({ length: count }, (_, i) => delta(`event ${i}`));
const inOneChunk = (count: number) => async (request: UpstreamRequest) => {
  await request.whole();
  request.send(streamHead + chunk(events(count).join('')) + lastChunk);
};

/** How many events had come each time that something came. */
function arrivals(client: RawClient): { counts: number[]; times: number[] } {
  const seen = { counts: [] as number[], times: [] as number[] };
  client.socket.on('data', () => {
    seen.counts.push(client.log.split('data: ').length - 1);
    seen.times.push(performance.now());
  });
  return seen;
}

test('eleven events of one chunk leave one at a time, in order and unchanged', async () => {
  await using way = await startWay(paced('20/second'), inOneChunk(11));
  using client = await RawClient.open(way.url);
  const seen = arrivals(client);
  const asked = performance.now();
  const response = await client.send(requestBytes(chatPath, streaming)).response('POST');
  expect(response.text).toBe(events(11).join(''));
  expect(response.complete).toBe(true);
  const steps = seen.counts.map((count, i) => count - (seen.counts[i - 1] ?? 0));
  // A turn of the loop that was late may bring two together.
  expect(Math.max(...steps)).toBeLessThanOrEqual(2);
  expect(seen.counts.filter((count, i) => count !== seen.counts[i - 1]).length).toBeGreaterThanOrEqual(9);
  // Ten intervals of 50 ms lie between the first and the last, less what is made up for.
  expect(performance.now() - asked).toBeGreaterThan(440);
});

test('the first event leaves without delay', async () => {
  await using way = await startWay(paced('1/hour'), inOneChunk(3));
  using client = await way.begin(chatPath, streaming);
  await client.seen('event 0');
  expect(client.log).not.toContain('event 1');
});

test('two streams have a pace each: the second does not wait for the first', async () => {
  await using way = await startWay(paced('1/hour'), inOneChunk(3));
  using first = await way.begin(chatPath, streaming);
  await first.seen('event 0');
  using second = await way.begin(chatPath, streaming);
  await second.seen('event 0');
  expect(first.log).not.toContain('event 1');
});

test.each([
  ['events that end in CRLF', (all: string[]) => all.map((one) => one.replaceAll('\n', '\r\n'))],
  ['comments between them', (all: string[]) => all.flatMap((one) => [`: ping\n\n`, one])],
  ['events of several lines', (all: string[]) => all.map((one) => `event: x\nid: 1\n${one}`)],
])('bytes are as they came: %s', async (_, make) => {
  const text = make(events(5)).join('');
  await using way = await startWay(paced('200/second'), async (request) => {
    await request.whole();
    request.send(streamHead + [...text].map(chunk).join('') + lastChunk);
  });
  expect((await way.ask(chatPath, streaming)).text).toBe(text);
});

test('a stream without a last blank line is whole', async () => {
  const text = `${delta('a')}data: [DONE]`;
  await using way = await startWay(paced('200/second'), async (request) => {
    await request.whole();
    request.answer(200, text, [sseType]);
  });
  expect((await way.ask(chatPath, streaming)).text).toBe(text);
});

test('JSON is untouched, and so are other routes', async () => {
  await using way = await startWay(paced('1/hour'), async (request) => {
    await request.whole();
    if (request.target === chatPath) request.answer(200, events(9).join(''), jsonType);
    else request.answer(200, events(9).join(''), [sseType]);
  });
  expect((await way.ask(chatPath, streaming)).text).toBe(events(9).join(''));
  expect((await way.ask('/v1/completions', streaming)).text).toBe(events(9).join(''));
});

test('a client that asks for gzip is paced too', async () => {
  await using way = await startWay(paced('1/hour'), async (request) => {
    await request.whole();
    const body = events(3).join('');
    const zipped = /gzip/.test(request.header('accept-encoding') ?? '');
    if (zipped) request.answer(200, gzipSync(body), [sseType, 'Content-Encoding: gzip']);
    else request.send(streamHead + chunk(body) + lastChunk);
  });
  using client = await way.begin(chatPath, {
    ...streaming,
    headers: [...streaming.headers!, 'Accept-Encoding: gzip'],
  });
  await client.seen('event 0');
  expect(client.log).not.toContain('event 1');
});

test('an upstream that compresses unasked: the bytes are as they came', async () => {
  const body = gzipSync(events(300).join(''));
  await using way = await startWay(paced('500/second'), async (request) => {
    await request.whole();
    request.answer(200, body, [sseType, 'Content-Encoding: gzip']);
  });
  expect((await way.ask(chatPath, streaming)).body.equals(body)).toBe(true);
});

test('the type of an event stream in any case', async () => {
  await using way = await startWay(paced('1/hour'), async (request) => {
    await request.whole();
    request.answer(200, events(3).join(''), ['content-type: Text/Event-Stream; charset=utf-8']);
  });
  using client = await way.begin(chatPath, streaming);
  await client.seen('event 0');
  expect(client.log).not.toContain('event 1');
});

test('a client that leaves ends the upstream', async () => {
  await using way = await startWay(paced('1/hour'), async (request) => {
    await request.whole();
    request.send(streamHead + chunk(events(3).join('')));
  });
  using client = await way.begin(chatPath, streaming);
  await client.seen('event 0');
  client.leave();
  await within((await way.upstream.request()).gone, 'the upstream’s connection is closed');
});

test('the upstream is held back: of 50 MB at a slow pace little is ever taken', async () => {
  const size = 50 * 2 ** 20;
  const event = delta('x'.repeat(64 * 1024));
  let sent = 0;
  await using way = await startWay(paced('20/second'), async (request) => {
    await request.whole();
    request.send(streamHead);
    const more = (): void => {
      while (sent < size) {
        sent += event.length;
        if (!request.socket.write(chunk(event))) return void request.socket.once('drain', more);
      }
    };
    more();
  });
  using client = await way.begin(chatPath, streaming);
  await until(() => client.log.split('data: ').length > 8, 'some events come');
  // The kernel's buffers, on both sides, hold some megabytes.
  expect(sent).toBeLessThan(16 * 2 ** 20);
  expect(sent).toBeGreaterThan(event.length);
});

test('a stream that is cut is cut for the client too, behind the events that came', async () => {
  await using way = await startWay(paced('100/second'), async (request) => {
    await request.whole();
    request.send(streamHead + chunk(events(5).join('')));
    await until(() => request.socket.writableLength === 0);
    request.end();
  });
  const response = await way.ask(chatPath, streaming);
  expect(response.complete).toBe(false);
  expect(response.text).toBe(events(5).join(''));
});

test('a stop lets a paced stream come to its end', async () => {
  await using way = await startWay(paced('50/second'), inOneChunk(10));
  using client = await way.begin(chatPath, streaming);
  await client.seen('event 0');
  expect((await client.response('POST')).text).toEndWith(delta('event 9'));
});
