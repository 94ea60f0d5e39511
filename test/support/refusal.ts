import { expect } from 'bun:test';
import type { RawResponse } from './raw.ts';

/** Checks that an answer is a refusal of aifd's own, in OpenAI's shape; gives its message. */
export function expectRefusal(response: RawResponse, status: number, code: string): string {
  expect({ status: response.status, body: response.text }).toEqual({
    status,
    body: expect.stringContaining(`"code":"${code}"`),
  });
  expect(response.header('content-type')).toStartWith('application/json');
  expect(response.header('x-request-id')).toMatch(/^req_\w+$/);
  const { error } = response.json() as { error: Record<string, unknown> };
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  expect(error).toEqual({ message: expect.any(String), type: expect.any(String), param: null, code });
  return error.message as string;
}
