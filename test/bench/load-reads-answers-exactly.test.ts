import { expect, test } from 'bun:test';
import { AnswerReader } from '../../bench/load/answer.ts';
import { bodyCheck } from '../../bench/load/expected.ts';
import type { Order } from '../../bench/load/order.ts';
import { expectedBody } from '../../bench/load/question.ts';
import { question } from '../../bench/scenarios/patterns.ts';

const stream = question({ stream: true, wish: { chunks: 3 } });
const json = question();

function orderOf(asked: typeof json, answers: Order['answers'] = 'exact'): Order {
  const pattern = { kind: 'burst', connections: 1 } as const;
  return { port: 1, path: '/', headers: {}, keys: ['k'], question: asked, answers, pattern, limit: 1 };
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunked = (parts: readonly string[]): string =>
  `${head}${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
const sized = (body: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const body = expectedBody(stream);
const right = chunked(body.split(/(?<=\n\n)/));

const event = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

/** What a reader makes of the bytes, in pieces of `size`: a problem, or whether the answer was whole. */
function read(text: string, asked = stream, answers: Order['answers'] = 'exact', size = text.length) {
  const reader = new AnswerReader(bodyCheck(orderOf(asked, answers))(), {});
  let isWhole = false;
  for (let at = 0; at < text.length && !reader.problem; at += size) {
    if (isWhole) return 'whole too early';
    isWhole = reader.feed(Buffer.from(text.slice(at, at + size)));
  }
  return reader.problem ?? isWhole;
}

test('a whole answer is right however its bytes are cut', () => {
  for (let size = 1; size <= right.length; size++) expect(read(right, stream, 'exact', size)).toBe(true);
  for (const size of [1, 7, 1000]) expect(read(sized(expectedBody(json)), json, 'exact', size)).toBe(true);
  expect(read(sized(body))).toBe(true);
});

test('an answer that is not over is not whole', () => {
  for (let end = 1; end < right.length; end++) expect(read(right.slice(0, end))).toBe(false);
});

test('one byte of another value is found, and one event too few', () => {
  expect(read(right.replace('hello', 'hellO'))).toBe('another body than the upstream sent');
  const events = body.split(/(?<=\n\n)/);
  expect(read(chunked(events.slice(1)))).toMatch(/bytes of body instead of/);
  expect(read(chunked([...events, ' ']))).toMatch(/bytes of body instead of/);
});

test('another status, broken framing and bytes behind the end are found', () => {
  expect(read('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')).toBe('HTTP/1.1 502 Bad Gateway');
  expect(read(`${head}x\r\n`)).toBe('broken chunk framing');
  expect(read(right.replace('\n\n\r\n', '\n\n!\r\n'))).toBe('broken chunk framing');
  expect(read(`${right}HTTP`)).toBe('bytes behind the end of an answer');
  expect(read('HTTP/1.1 200 OK\r\n\r\n')).toBe('an answer without framing');
});

test('answers one after another are each read, also where the last one is not repeated', () => {
  const reader = new AnswerReader(bodyCheck(orderOf(stream))(), {});
  for (const text of [right, right, sized(body), right]) {
    expect(reader.feed(Buffer.from(text))).toBe(true);
    expect(reader.hasBody).toBe(true);
  }
  reader.feed(Buffer.from(right.replace('hello', 'jello')));
  expect(reader.problem).toBe('another body than the upstream sent');
});

test('a connection that the server closes behind the answer is known', () => {
  const reader = new AnswerReader(bodyCheck(orderOf(json))(), {});
  reader.feed(
    Buffer.from(sized(expectedBody(json)).replace('content-length', 'Connection: close\r\ncontent-length')),
  );
  expect(reader.problem).toBeUndefined();
  expect(reader.closes).toBe(true);
});

test('of those that write answers anew the content must be right, in as many events', () => {
  const anew = (count: number): string =>
    chunked([...Array.from({ length: count }, () => event('hello ')), 'data: [DONE]\n\n']);
  expect(read(anew(3), stream, 'content')).toBe(true);
  expect(read(anew(2), stream, 'content')).toMatch(/another content/);
  expect(read(chunked([event('hello hello hello ')]), stream, 'content')).toBe('no [DONE] at the end');
  const answer = JSON.parse(expectedBody(json)) as object;
  expect(read(sized(JSON.stringify({ ...answer, id: 'other' })), json, 'content')).toBe(true);
  expect(read(sized('{"choices":[]}'), json, 'content')).toMatch(/another content/);
  expect(read(sized('oops'), json, 'content')).toMatch(/no answer/);
});
