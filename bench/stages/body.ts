import { readBody } from '../../src/gateway/body.ts';
import { chatRequest, question } from './samples.ts';
import type { Stage } from './stage.ts';

/** The request's body. A request has one body, so each case makes one: the first says what that costs. */
export function body(): Stage {
  const short = question(200);
  const long = question(64_000);
  return {
    cases: [
      { name: 'only the request made, 200 bytes', run: () => chatRequest(short) },
      { name: 'read whole, 200 bytes', run: () => readBody(chatRequest(short), 600) },
      { name: 'only the request made, 64 KB', run: () => chatRequest(long) },
      { name: 'read whole, 64 KB', run: () => readBody(chatRequest(long), 600) },
    ],
  };
}
