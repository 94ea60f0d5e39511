import { afterAll, expect, test } from 'bun:test';
import {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai';
import { failureOf, startWay } from './support.ts';

const errors = [
  [400, BadRequestError, 'context_length_exceeded', 'messages'],
  // With `invalid_api_key` it would be the operator's key, and 502.
  [401, AuthenticationError, 'mismatched_organization', null],
  [403, PermissionDeniedError, 'unsupported_country_region_territory', null],
  [404, NotFoundError, 'model_not_found', 'model'],
  [409, ConflictError, null, null],
  [422, UnprocessableEntityError, null, 'input'],
  [429, RateLimitError, 'insufficient_quota', null],
  [500, InternalServerError, 'server_error', null],
  [503, InternalServerError, 'overloaded', null],
] as const;

const way = await startWay(
  ({ body }) => {
    const { model } = JSON.parse(Buffer.from(body).toString()) as { model: string };
    const [status, , code, param] = errors.find(([one]) => String(one) === model)!;
    const error = { message: `it was ${status}`, type: 'some_error', code, param };
    return Response.json(
      { error },
      { status, headers: { 'x-request-id': `req_${status}`, 'x-own': 'kept' } },
    );
  },
  { MAX_RETRIES: '0' },
);
afterAll(way.stop);

for (const stream of [false, true]) {
  test.each(errors)(`%d, stream: ${stream}`, async (status, type, code, param) => {
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const failure = await failureOf(
      way.client.chat.completions.create({ model: `${status}`, messages, stream }),
    );
    expect(failure).toBeInstanceOf(type);
    expect(failure).toMatchObject({ status, code, param, type: 'some_error', requestID: `req_${status}` });
    expect(failure.message).toBe(`${status} it was ${status}`);
    expect(failure.headers?.get('x-own')).toBe('kept');
  });
}
