/** A request id of ours, for answers that have none. */
export function requestId(): string {
  return `req_${crypto.randomUUID().replaceAll('-', '')}`;
}

/** Gives an answer of ours the request id that every answer has. */
export function withId(response: Response): Response {
  response.headers.set('x-request-id', requestId());
  return response;
}
