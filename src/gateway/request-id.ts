import { valueOf } from './headers.ts';

/** What tells this process's ids from any other's. */
const own = crypto.randomUUID().replaceAll('-', '').slice(0, 20);
let count = 0;

/** A request id of ours, for answers that have none: 32 hex digits, the last twelve counted. */
export function requestId(): string {
  count += 1;
  return `req_${own}${count.toString(16).padStart(12, '0')}`;
}

/** Gives an upstream's answer an id, where it has none. */
export function identify(headers: [string, string][]): void {
  if (valueOf(headers, 'x-request-id') === undefined) headers.push(['x-request-id', requestId()]);
}

/** Gives an answer of ours the request id that every answer has. */
export function withId(response: Response): Response {
  response.headers.set('x-request-id', requestId());
  return response;
}
