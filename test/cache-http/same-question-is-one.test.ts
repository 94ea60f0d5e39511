import { expect, test } from 'bun:test';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import {
  askAndKeep,
  asks,
  chat,
  chatPath,
  expectHit,
  json,
  jsonType,
  numbered,
  startCached,
  statusOf,
} from './support.ts';

const body =
  '{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":9007199254740993,"n":1.0,"x":{"a":1,"b":2}}';
const ask = (text: string, headers: string[] = []) => ({
  method: 'POST',
  headers: [json, ...headers],
  body: text,
});

const same: [string, string][] = [
  [
    'order of keys',
    '{"x":{"b":2,"a":1},"n":1.0,"seed":9007199254740993,"messages":[{"content":"hi","role":"user"}],"model":"m"}',
  ],
  ['white space', body.replaceAll(':', ' :\n\t').replaceAll(',', ' ,\r\n')],
  ['escapes', body.replace('"hi"', '"\\u0068\\u0069"').replace('"model"', '"m\\u006fdel"')],
  ['user', body.replace('{', '{"user":"u1",')],
  ['metadata', body.replace('{', '{"metadata":{"a":"b"},')],
  ['caching', body.replace('{', '{"caching":true,')],
  ['stream false', body.replace('{', '{"stream":false,')],
  ['stream_options', body.replace('{', '{"stream_options":null,')],
];

test.each(same)('makes no difference: %s', async (_, text) => {
  await using way = await startCached();
  await askAndKeep(way, ask(body));
  expectHit(await way.ask(chatPath, ask(text)));
  expect(asks(way)).toBe(1);
});

const different: [string, string][] = [
  ['an unknown field', body.replace('{', '{"unknown":1,')],
  ['an unknown field within a message', body.replace('"role"', '"name":"bob","role"')],
  ['user within a message', body.replace('"role"', '"user":"bob","role"')],
  ['a null where nothing was', body.replace('{', '{"stop":null,')],
  ['temperature', body.replace('{', '{"temperature":0.5,')],
  ['seed beyond 2^53', body.replace('9007199254740993', '9007199254740992')],
  ['model', body.replace('"m"', '"M"')],
  ['a number as a string', body.replace('"n":1.0', '"n":"1.0"')],
  ['order within an array', body.replace('"x":{"a":1,"b":2}', '"x":[1,2]')],
  ['an empty metadata deeper', body.replace('"a":1,', '"a":1,"metadata":{},')],
  ['caching deeper', body.replace('"a":1,', '"a":1,"caching":true,')],
];

test.each(different)('makes another question: %s', async (_, text) => {
  await using way = await startCached();
  await askAndKeep(way, ask(body));
  expect(statusOf(await way.ask(chatPath, ask(text)))).toBe('aifd; fwd=uri-miss; stored');
  expect(asks(way)).toBe(2);
});

test.each([
  'OpenAI-Organization: o',
  'OpenAI-Project: p',
  'OpenAI-Beta: b',
  'anthropic-version: 1',
  'anthropic-beta: 1',
])('makes another question: %s', async (line) => {
  await using way = await startCached();
  await askAndKeep(way);
  await way.ask(chatPath, chat({}, [line]));
  expect(asks(way)).toBe(2);
});

test.each([
  'User-Agent: x',
  'X-Stainless-Retry-Count: 1',
  'Idempotency-Key: 1',
  'Accept-Encoding: gzip',
  'Accept: */*',
])('makes no difference: %s', async (line) => {
  await using way = await startCached();
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, chat({}, [line])));
});

test('the query makes another question', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  await way.ask(`${chatPath}?api-version=2`, chat());
  expect(asks(way)).toBe(2);
});

test('values of two header fields are not run together', async () => {
  await using way = await startCached();
  await askAndKeep(way, chat({}, ['OpenAI-Organization: ab']));
  await way.ask(chatPath, chat({}, ['OpenAI-Organization: a', 'OpenAI-Project: b']));
  await way.ask(chatPath, chat({}, ['OpenAI-Project: ab']));
  expect(asks(way)).toBe(3);
});

test('a route by another spelling of its path is asked under its own', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  const other = await way.ask('/v1//chat/completions', chat());
  expect(other.status).toBe(200);
  expect(way.upstream.requests.slice(1).every(({ target }) => target === '/v1//chat/completions')).toBe(true);
});

const says = (text: string) => async (request: UpstreamRequest) => {
  await request.whole();
  request.answer(200, numbered(0, { service: text }), jsonType);
};

test('another target is another question', async () => {
  await using second = await startUpstream(says('b'));
  await using way = await startCached({ EXTRA_BASE_URL: second.url, EXTRA_ROUTE_PREFIX: '/b' }, says('a'));
  await askAndKeep(way);
  expect((await way.ask(`/b${chatPath}`, chat())).json()).toMatchObject({ service: 'b' });
  expect((await way.ask(chatPath, chat())).json()).toMatchObject({ service: 'a' });
  expect(asks(way)).toBe(1);
});
