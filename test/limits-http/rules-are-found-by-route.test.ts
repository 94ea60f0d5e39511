import { expect, test } from 'bun:test';
import { startUpstream } from '../support/upstream.ts';
import { bearer, chatPath, limit, startBefore, startWay } from './support.ts';

const as = (key: string) => ({ headers: [bearer(key)] });

test('each user has a window of their own', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('2/hour') });
  expect(await way.statuses(3, chatPath, as('a'))).toEqual([200, 200, 429]);
  expect(await way.statuses(3, chatPath, as('b'))).toEqual([200, 200, 429]);
  expect(await way.statuses(3)).toEqual([200, 200, 429]);
});

test('each route has a window of its own, and routes without a rule are free', async () => {
  const rules = { '/v1/chat/completions': '1/hour', '/v1/embeddings': '2/hour' };
  await using way = await startWay({ REQ_RATE_LIMIT: JSON.stringify(rules) });
  expect(await way.statuses(2)).toEqual([200, 429]);
  expect(await way.statuses(3, '/v1/embeddings')).toEqual([200, 200, 429]);
  expect(await way.statuses(3, '/v1/models')).toEqual([200, 200, 200]);
});

test('GLOBAL_RATE_LIMIT is one pool for all routes without a rule, and none for those with one', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('4/hour'), GLOBAL_RATE_LIMIT: '2/hour' });
  expect(await way.statuses(1, '/v1/models')).toEqual([200]);
  expect(await way.statuses(3)).toEqual([200, 200, 200]);
  expect(await way.statuses(2, '/v1/embeddings')).toEqual([200, 429]);
  expect(await way.statuses(1, '/anything/else')).toEqual([429]);
  expect(await way.statuses(2)).toEqual([200, 429]);
});

test('the longest route wins, and alone counts', async () => {
  const rules = { '/': '1/hour', '/v1/chat': '3/hour', '/v1/chat/completions': '2/hour', '/v1/free': 'inf' };
  await using way = await startWay({ REQ_RATE_LIMIT: JSON.stringify(rules), GLOBAL_RATE_LIMIT: '1/hour' });
  expect(await way.statuses(3)).toEqual([200, 200, 429]);
  expect(await way.statuses(4, '/v1/chat/other')).toEqual([200, 200, 200, 429]);
  expect(await way.statuses(5, '/v1/free/x')).toEqual([200, 200, 200, 200, 200]);
  expect(await way.statuses(2, '/v1/models')).toEqual([200, 429]);
  expect(await way.statuses(1, '/')).toEqual([429]);
});

test('a rule without a slash before, or with one behind, is the same rule', async () => {
  const rules = { 'v1/models/': '1/hour' };
  await using way = await startWay({ REQ_RATE_LIMIT: JSON.stringify(rules) });
  expect(await way.statuses(2, '/v1/models')).toEqual([200, 429]);
});

test('a rule with an escape is that of the path which has it', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour', '/v1/models/a%20b') });
  expect(await way.statuses(2, '/v1/models/a%20b')).toEqual([200, 429]);
});

test('prefixes of targets count', async () => {
  await using other = await startUpstream();
  await using way = await startWay({
    EXTRA_BASE_URL: other.url,
    EXTRA_ROUTE_PREFIX: '/localai',
    REQ_RATE_LIMIT: JSON.stringify({ '/localai/v1/chat/completions': '1/hour' }),
  });
  expect(await way.statuses(2, '/localai/v1/chat/completions')).toEqual([200, 429]);
  expect(await way.statuses(2)).toEqual([200, 200]);
  expect(other.requests).toHaveLength(1);
});

test.each(['memory', 'lmdb'])('several windows of a rule must all allow (%s)', async (backend) => {
  await using way = await startWay({
    REQ_RATE_LIMIT: limit('5/hour;3/minute'),
    RATE_LIMIT_BACKEND: backend,
    DATA_DIR: `${process.env.TMPDIR ?? '/tmp'}/aifd-rules-${crypto.randomUUID()}`,
  });
  expect(await way.statuses(4)).toEqual([200, 200, 200, 429]);
});

test('a window that is written twice counts once', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('4/minute;4/60seconds;4 per minute') });
  expect(await way.statuses(5)).toEqual([200, 200, 200, 200, 429]);
});

test('an upstream attempt that is repeated counts once', async () => {
  const upstream = await startUpstream(async (request, index) => {
    await request.whole();
    request.answer(index % 2 === 0 ? 503 : 200, 'x', ['Retry-After: 0']);
  });
  await using way = await startBefore(upstream, {
    OPENAI_BASE_URL: upstream.url,
    RATE_LIMIT_BACKEND: 'memory',
    MAX_RETRIES: '1',
    REQ_RATE_LIMIT: limit('2/hour'),
  });
  expect(await way.statuses(3)).toEqual([200, 200, 429]);
  expect(upstream.requests).toHaveLength(4);
});
