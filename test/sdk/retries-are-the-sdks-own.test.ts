import { afterAll, expect, test } from 'bun:test';
import { RateLimitError } from 'openai';
import { clientOf, failureOf, type Seen, startWay } from './support.ts';

const limited = () =>
  Response.json(
    { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded', param: null } },
    { status: 429, headers: { 'retry-after-ms': '5' } },
  );
/** A 429 at the first try; `?always`: at each. */
const answer = ({ headers, path }: Seen) =>
  headers.get('x-stainless-retry-count') === '0' || path.endsWith('?always=1')
    ? limited()
    : Response.json({ object: 'list', data: [] });
const way = await startWay(answer);
const client = clientOf(way.url, { maxRetries: 1 });
afterAll(way.stop);

const counts = () => way.seen.splice(0).map(({ headers }) => headers.get('x-stainless-retry-count'));

test('a 429 is tried again by the SDK and not by aifd', async () => {
  expect((await client.models.list()).data).toEqual([]);
  expect(counts()).toEqual(['0', '1']);
});

test('a 429 that stays is the SDK’s RateLimitError', async () => {
  const failure = await failureOf(client.models.list({ query: { always: 1 } }));
  expect(failure).toBeInstanceOf(RateLimitError);
  expect(failure).toMatchObject({ code: 'rate_limit_exceeded' });
  expect(failure.headers?.get('retry-after-ms')).toBe('5');
  expect(counts()).toEqual(['0', '1']);
});
