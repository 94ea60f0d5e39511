import { afterAll, expect, test } from 'bun:test';
import { AuthenticationError, InternalServerError } from 'openai';
import { clientOf, failureOf, forwardKey, realKey, startAifd, startWay } from './support.ts';

const way = await startWay(() => Response.json({ object: 'list', data: [] }), { MAX_BODY_SIZE: '1kb' });
/** A port that was free a moment ago: nobody listens there. */
const gone = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
await gone.stop(true);
const unreachable = await startAifd(`http://127.0.0.1:${gone.port}`, { MAX_RETRIES: '0' });
afterAll(() => Promise.all([way.stop(), unreachable.stop()]));

test.each(['fk-somebody-elses', realKey, `${forwardKey}x`])('an unknown key: %s', async (apiKey) => {
  const failure = await failureOf(clientOf(way.url, { apiKey }).models.list());
  expect(failure).toBeInstanceOf(AuthenticationError);
  expect(failure).toMatchObject({ status: 401, code: 'invalid_api_key', param: null });
  expect(failure.requestID).toBeString();
  expect(failure.message).not.toContain(apiKey);
  expect(way.seen).toEqual([]);
});

test('a body that is too large', async () => {
  const call = way.client.embeddings.create({ model: 'm', input: 'x'.repeat(5000) });
  expect(await failureOf(call)).toMatchObject({ status: 413, code: 'request_too_large' });
  expect(way.seen).toEqual([]);
});

test('an upstream that is not there', async () => {
  const failure = await failureOf(clientOf(unreachable.url).models.list());
  expect(failure).toBeInstanceOf(InternalServerError);
  expect(failure).toMatchObject({ status: 502, code: 'upstream_unreachable' });
  expect(failure.message).toContain(`127.0.0.1:${gone.port}`);
  expect(failure.requestID).toBeString();
});
