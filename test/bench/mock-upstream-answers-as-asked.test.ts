import { afterAll, expect, test } from 'bun:test';
import { AnswerReader } from '../../bench/load/answer.ts';
import { ExactCheck } from '../../bench/load/expected.ts';
import { streamText } from '../../bench/upstream/answers.ts';
import { startMockUpstream } from '../../bench/upstream/main.ts';
import { completeWish } from '../../bench/upstream/wish.ts';

const upstream = startMockUpstream();
const url = `http://127.0.0.1:${upstream.port}/v1/chat/completions`;
const streaming = JSON.stringify({ stream: true });
afterAll(() => upstream.stop());

/** What is wrong with a framed stream of so many events. */
function problemOf(text: string, chunks: number): string | undefined {
  const body = Buffer.from(streamText(completeWish({ chunks })));
  const reader = new AnswerReader(new ExactCheck(body), {});
  return reader.feed(Buffer.from(text)) ? reader.problem : 'not whole';
}

function post(query: string, body = '{}'): Promise<Response> {
  return fetch(url + query, { method: 'POST', body });
}

/** Sends raw bytes in the given pieces and collects what comes until `enough` says so. */
async function raw(
  pieces: string[],
  enough: (text: string) => boolean,
): Promise<{ text: string; reads: number }> {
  const { promise, resolve } = Promise.withResolvers<{ text: string; reads: number }>();
  let text = '';
  let reads = 0;
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: upstream.port,
    socket: {
      data(_socket, bytes) {
        reads++;
        text += bytes.toString('latin1');
        if (enough(text)) resolve({ text, reads });
      },
    },
  });
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((done) => setImmediate(done));
  }
  return promise.finally(() => socket.terminate());
}

test('a JSON answer is about 700 bytes, or has content of the asked size', async () => {
  const usual = await (await post('')).text();
  expect(usual.length).toBeWithin(650, 750);
  const big = (await (await post('?size=3000000')).json()) as { choices: { message: { content: string } }[] };
  expect(big.choices[0]?.message.content.length).toBe(3_000_000);
});

test('an SSE answer has the asked number of events, then [DONE]', async () => {
  const text = await (await post('?chunks=7', streaming)).text();
  expect(text.split('data: {').length - 1).toBe(7);
  expect(text).toEndWith('data: [DONE]\n\n');
});

test('a stream has usage, the same as a JSON answer, when it is asked for', async () => {
  const usage = '"total_tokens":180}';
  expect(await (await post('?chunks=2', streaming)).text()).not.toContain('usage');
  expect(await (await post('?chunks=2&usage', streaming)).text()).toEndWith(`${usage}}\n\ndata: [DONE]\n\n`);
  expect(await (await post('')).text()).toContain(usage);
});

test('without an interval the events still leave in more than one segment', async () => {
  const request = `POST /?chunks=50 HTTP/1.1\r\nContent-Length: ${streaming.length}\r\n\r\n${streaming}`;
  const { text, reads } = await raw([request], (all) => all.endsWith('\r\n0\r\n\r\n'));
  expect(problemOf(text, 50)).toBeUndefined();
  expect(reads).toBeGreaterThan(1);
});

test('an asked status comes in the OpenAI error shape', async () => {
  const response = await post('?status=503', streaming);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { message: 'mock status 503' } });
});

test('a chunked request body is read whole, and the next request on the connection is answered', async () => {
  const chunked =
    'POST /?echo=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n';
  const next = 'GET /?echo=2 HTTP/1.1\r\n\r\n';
  const { text } = await raw([...(chunked + next)], (all) => all.includes('echo=2') && all.endsWith('}'));
  expect(text).toContain('"bodyLength":8');
});

test('pipelined requests are answered in order, a stream first', async () => {
  const first = `POST /?chunks=3 HTTP/1.1\r\nContent-Length: ${streaming.length}\r\n\r\n${streaming}`;
  const second = 'GET /?status=418 HTTP/1.1\r\n\r\n';
  const { text } = await raw([first + second], (all) => all.includes('mock status 418'));
  const border = text.indexOf('HTTP/1.1 418');
  expect(problemOf(text.slice(0, border), 3)).toBeUndefined();
});
