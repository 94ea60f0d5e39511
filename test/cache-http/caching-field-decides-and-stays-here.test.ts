import { expect, test } from 'bun:test';
import { RawClient } from '../support/raw.ts';
import {
  askAndKeep,
  asks,
  chat,
  chatPath,
  chunk,
  expectHit,
  json,
  startCached,
  startWay,
  statusOf,
} from './support.ts';

const values: [string, unknown, string][] = [
  ['true', true, 'on'],
  ['false', false, 'off'],
  ['null', null, 'default'],
  ['absent', undefined, 'default'],
];
for (const byDefault of ['true', 'false']) {
  test.each(values)(`caching %s where ${byDefault} is the default`, async (_, caching, use) => {
    await using way = await startCached({ DEFAULT_REQUEST_CACHING_VALUE: byDefault });
    const isUsed = use === 'on' || (use === 'default' && byDefault === 'true');
    await askAndKeep(way, chat({ caching: true }));
    const response = await way.ask(chatPath, chat({ caching }));
    if (isUsed) expectHit(response);
    else expect(statusOf(response)).toBe('aifd; fwd=bypass');
    expect(asks(way)).toBe(isUsed ? 1 : 2);
    for (const { text } of way.upstream.requests) expect(text).not.toContain('caching');
  });
}

test('what was bypassed is not kept', async () => {
  await using way = await startCached();
  await way.ask(chatPath, chat({ caching: false }));
  await Bun.sleep(50);
  expect(statusOf(await way.ask(chatPath, chat()))).toContain('fwd=uri-miss');
});

const invalid = ['"true"', '1', '0', '{}', '[]', '""', '"false"', '[true]'];
for (const cached of ['true', 'false']) {
  test.each(invalid)(`a value that is neither is refused, cache ${cached}: %s`, async (value) => {
    await using way = await startWay({ CACHE_CHAT_COMPLETION: cached });
    const body = `{"model":"m","messages":[],"caching":${value}}`;
    const response = await way.ask(chatPath, { method: 'POST', headers: [json], body });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ error: { code: 'invalid_caching' } });
    expect(asks(way)).toBe(0);
  });
}

const odd =
  '{ "z" : 1.50e+01 ,\n "messages":[ {"role":"user","content":"\\u0068\\/ \u00e4 caching"}],"model":"m","a":{"caching":true} }';
const without: [string, string, string][] = [
  ['first', '{"caching":true,"model":"m"}', '{"model":"m"}'],
  ['last', '{"model":"m","caching":false}', '{"model":"m"}'],
  ['alone', '{"caching":true}', '{}'],
  ['middle', '{"a":1,"caching":true,"b":2}', '{"a":1,"b":2}'],
  ['escaped', '{"a":1,"c\\u0061ching":true,"b":2}', '{"a":1,"b":2}'],
  ['twice', '{"caching":true,"a":1,"caching":false}', '{"a":1}'],
  ['twice in a row', '{"caching":true,"caching":false,"a":1}', '{"a":1}'],
];
const ways: [string, Record<string, string>, string][] = [
  ['cache off', {}, chatPath],
  ['cache on', { CACHE_CHAT_COMPLETION: 'true' }, chatPath],
  ['uncached route', { CACHE_CHAT_COMPLETION: 'true' }, '/v1/responses'],
  ['token limits', { TOKENS_LIMIT: '{"/":"1000000000/minute"}' }, chatPath],
  ['record', { CACHE_CHAT_COMPLETION: 'true', CACHE_MODE: 'record' }, chatPath],
];
for (const [name, env, path] of ways) {
  test(`a body without the field goes upstream byte for byte (${name})`, async () => {
    await using way = await startWay(env);
    await way.ask(path, { method: 'POST', headers: [json], body: Buffer.from(odd) });
    expect(way.upstream.requests[0]!.message.body.equals(Buffer.from(odd))).toBe(true);
  });

  test.each(without)(`the field is taken out, ${name}: %s`, async (_, body, upstream) => {
    await using way = await startWay(env);
    const response = await way.ask(path, { method: 'POST', headers: [json], body });
    expect(response.status).toBe(200);
    expect(way.upstream.requests[0]!.text).toBe(upstream);
    expect(way.upstream.requests[0]!.header('content-length')).toBe(String(upstream.length));
  });

  test(`the field is taken out of a body in chunks (${name})`, async () => {
    await using way = await startWay(env);
    using client = await RawClient.open(way.url);
    client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const body = '{"model":"m", "caching": true, "messages":[]}';
    for (const letter of body) client.send(chunk(letter));
    client.send('0\r\n\r\n');
    expect((await client.response('POST')).status).toBe(200);
    const { text } = way.upstream.requests[0]!;
    expect(text).not.toContain('caching');
    expect(JSON.parse(text)).toEqual({ model: 'm', messages: [] });
  });

  for (const megabytes of [1, 20]) {
    test(`a body of ${megabytes} MB: the field stays, all else goes (${name})`, async () => {
      await using way = await startWay(env);
      const content = 'x'.repeat(megabytes * 2 ** 20);
      for (const body of [
        `{"caching":false,"messages":[{"content":"${content}"}],"model":"m"}`,
        `{"messages":[{"content":"${content}"}],"model":"m","caching":false}`,
      ]) {
        const response = await way.ask(path, { method: 'POST', headers: [json], body });
        expect(response.status).toBe(200);
        const request = way.upstream.requests.at(-1)!;
        expect(request.text.includes('caching')).toBe(false);
        expect(JSON.parse(request.text)).toEqual({ messages: [{ content }], model: 'm' });
        expect(request.header('content-length')).toBe(String(request.message.body.length));
      }
      const plain = `{"messages":[{"content":"${content}"}] , "model":"m"}`;
      await way.ask(path, { method: 'POST', headers: [json], body: plain });
      expect(way.upstream.requests.at(-1)!.text === plain).toBe(true);
    }, 60_000);
  }
}

test('other media types lose it too: an upstream may read them as JSON', async () => {
  await using way = await startWay({});
  for (const type of [
    'Content-Type: text/plain',
    'Content-Type: application/x-www-form-urlencoded',
    'X-None: 1',
    'Content-Type: Application/JSON;charset=utf-8',
  ]) {
    await way.ask(chatPath, { method: 'POST', headers: [type], body: '{"model":"m","caching":true}' });
    const { text } = way.upstream.requests.at(-1)!;
    expect([type, text.includes('caching'), JSON.parse(text)]).toEqual([type, false, { model: 'm' }]);
  }
});

test('a form that holds the word is left alone', async () => {
  await using way = await startWay({ CACHE_ROUTES: '["/v1/audio/*"]' });
  const form = '--b\r\nContent-Disposition: form-data; name="caching"\r\n\r\ntrue\r\n--b--\r\n';
  const headers = ['Content-Type: multipart/form-data; boundary=b'];
  const response = await way.ask('/v1/audio/transcriptions', { method: 'POST', headers, body: form });
  expect(way.upstream.requests[0]!.text).toBe(form);
  expect(statusOf(response)).toBe('aifd; fwd=bypass');
});

test('a hit is found for a body that had the field', async () => {
  await using way = await startCached();
  await askAndKeep(way, chat());
  expectHit(await way.ask(chatPath, chat({ caching: true })));
});
