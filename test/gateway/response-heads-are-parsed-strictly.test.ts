import { describe, expect, test } from 'bun:test';
import { connectionTokens, parseHead } from '../../src/gateway/upstream/wire/head.ts';

const head = (lines: string[], method = 'GET', start = 'HTTP/1.1 200 OK') =>
  parseHead([start, ...lines].join('\r\n'), method);
const lower = (headers: [string, string][]) => headers.map(([name, value]) => [name.toLowerCase(), value]);

describe('framing (RFC 9112 §6.3)', () => {
  test.each([
    [['Content-Length: 5'], { kind: 'length', length: 5 }],
    [['Content-Length: 0'], { kind: 'length', length: 0 }],
    [['Content-Length: 5', 'Content-Length: 5'], { kind: 'length', length: 5 }],
    [['Transfer-Encoding: chunked'], { kind: 'chunked' }],
    [['Transfer-Encoding: Chunked'], { kind: 'chunked' }],
    [['Transfer-Encoding: chunked', 'Content-Length: 5'], { kind: 'chunked' }],
    [['Transfer-Encoding: identity'], { kind: 'close' }],
    [[], { kind: 'close' }],
  ] as const)('%j', (lines, framing) => {
    expect(head([...lines]).framing).toEqual(framing);
  });

  test('HEAD, 204 and 304 have no body whatever they say', () => {
    const lines = ['Content-Length: 5'];
    expect(head(lines, 'HEAD').framing).toEqual({ kind: 'none' });
    expect(head(lines, 'GET', 'HTTP/1.1 204 No').framing).toEqual({ kind: 'none' });
    expect(head(lines, 'GET', 'HTTP/1.1 304 Not').framing).toEqual({ kind: 'none' });
  });

  test('the length that HEAD and 304 tell is kept', () => {
    expect(lower(head(['Content-Length: 5'], 'HEAD').headers)).toContainEqual(['content-length', '5']);
    expect(lower(head(['Content-Length: 5'], 'GET', 'HTTP/1.1 304 N').headers)).toContainEqual([
      'content-length',
      '5',
    ]);
  });

  test('both framings at once end the connection', () => {
    expect(head(['Transfer-Encoding: chunked', 'Content-Length: 5']).keepAlive).toBe(false);
  });
});

describe('hop-by-hop fields', () => {
  test('are removed, with those that Connection names', () => {
    const { headers } = head([
      'Connection: keep-alive, X-One',
      'connection: X-Two',
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: Basic',
      'Proxy-Connection: x',
      'TE: x',
      'Trailer: x',
      'Upgrade: h2c',
      'Transfer-Encoding: chunked',
      'X-ONE: 1',
      'x-two: 2',
      'X-Three: 3',
    ]);
    expect(headers).toEqual([['X-Three', '3']]);
  });

  test('end-to-end ones stay in order, with duplicates, as they came', () => {
    const lines = [
      'Set-Cookie: a=1; Path=/',
      'X-A:  b  ',
      'SET-cookie: b=2',
      'X-Empty:',
      'Content-Length: 0',
    ];
    expect(head(lines).headers).toEqual([
      ['Set-Cookie', 'a=1; Path=/'],
      ['X-A', 'b'],
      ['SET-cookie', 'b=2'],
      ['X-Empty', ''],
    ]);
  });
});

test.each([
  [[], 'HTTP/1.1 200 OK', true],
  [['Connection: close'], 'HTTP/1.1 200 OK', false],
  [['Connection: Close'], 'HTTP/1.1 200 OK', false],
  [[], 'HTTP/1.0 200 OK', false],
  [['Connection: keep-alive'], 'HTTP/1.0 200 OK', true],
])('persistence: %j on %s is %p', (lines, start, keepAlive) => {
  expect(head(['Content-Length: 1', ...lines], 'GET', start).keepAlive).toBe(keepAlive);
});

test.each([
  'HTTP/2 200 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 099 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1  200 OK',
  'http/1.1 200 OK',
  'HTTP/1.1',
  '',
  'ICY 200 OK',
])('the status line %j is refused', (start) => {
  expect(() => head([], 'GET', start)).toThrow();
});

test('a status line without a reason is fine', () => {
  expect(head([], 'GET', 'HTTP/1.1 204').status).toBe(204);
  expect(head([], 'GET', 'HTTP/1.1 204 ').status).toBe(204);
});

test.each([
  'no colon',
  ': no name',
  'X A: space in the name',
  'X-A : space before the colon',
  ' folded: line',
  'Content-Length: -1',
  'Content-Length: +1',
  'Content-Length: 1x',
  'Content-Length: 0x10',
  'Content-Length:',
  'Content-Length: 99999999999999999999',
])('the field %j is refused', (line) => {
  expect(() => head([line])).toThrow();
});

test('two different lengths are refused', () => {
  expect(() => head(['Content-Length: 1', 'Content-Length: 2'])).toThrow();
});

test('Connection’s names come lower-cased and trimmed', () => {
  expect([...connectionTokens(' Keep-Alive,, X-A ,close')]).toEqual(['keep-alive', 'x-a', 'close']);
  expect([...connectionTokens('')]).toEqual([]);
});
