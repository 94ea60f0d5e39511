/** What every refusal of aifd's own is made of: one row an error, in the shape OpenAI's SDKs expect. */
const table = {
  address_not_allowed: {
    status: 403,
    type: 'permission_error',
    message: 'Your address is not allowed here.',
  },
  invalid_api_key: {
    status: 401,
    type: 'invalid_request_error',
    message: 'Incorrect API key provided. Ask the operator of this server for a key.',
  },
  missing_api_key: {
    status: 401,
    type: 'invalid_request_error',
    message: 'You did not provide an API key. Send it as `Authorization: Bearer YOUR_KEY`.',
    // The SDKs know one code for both; the message tells them apart.
    code: 'invalid_api_key',
  },
  body_not_supported: {
    status: 400,
    type: 'invalid_request_error',
    message: 'A body cannot be forwarded with this method.',
  },
  invalid_request_target: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request target is not a path that can be forwarded.',
  },
  invalid_content_length: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Content-Length is not one number.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    message: 'This method is not forwarded here.',
  },
  not_found: { status: 404, type: 'invalid_request_error', message: 'No target takes this path.' },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    message: 'The request body stopped arriving.',
  },
  request_too_large: {
    status: 413,
    type: 'invalid_request_error',
    message: 'The request body is too large.',
  },
  internal_error: { status: 500, type: 'server_error', message: 'The server had an error; see its log.' },
  rate_limit_exceeded: { status: 429, type: 'requests', message: 'Rate limit reached.' },
  concurrency_limit_exceeded: {
    status: 429,
    type: 'requests',
    message: 'Too many requests of yours at once.',
  },
  overloaded: { status: 503, type: 'server_error', message: 'The upstream is busy; try again later.' },
  limits_unavailable: {
    status: 503,
    type: 'server_error',
    message: 'Rate limits cannot be checked right now; try again later.',
  },
  upstream_unreachable: { status: 502, type: 'server_error', message: 'The upstream could not be reached.' },
  upstream_disconnected: {
    status: 502,
    type: 'server_error',
    message: 'The upstream closed the connection before it answered.',
  },
  upstream_invalid_response: {
    status: 502,
    type: 'server_error',
    message: 'The upstream answered with something that is not HTTP.',
  },
  upstream_key_refused: {
    status: 502,
    type: 'server_error',
    message:
      'The upstream refused the key that the operator of this server set. Your own key is not the cause.',
  },
  upstream_timeout: { status: 504, type: 'server_error', message: 'The upstream took too long.' },
  cache_miss: {
    status: 504,
    type: 'server_error',
    message: 'No answer to this request is kept, and nobody may be asked.',
  },
  invalid_caching: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The field "caching" must be true or false.',
  },
  client_closed_request: {
    status: 499,
    type: 'invalid_request_error',
    message: 'The client closed the request.',
  },
} as const satisfies Record<string, { status: number; type: string; message: string; code?: string }>;

/** The codes a refusal can carry; `docs/errors.md` explains them to users. */
export type ErrorCode = keyof typeof table;

/** The table itself, for the documentation. */
export const errors: Readonly<
  Record<ErrorCode, { status: number; type: string; message: string; code?: string }>
> = table;

const codes = new WeakMap<Response, ErrorCode>();

/** The code of a refusal; undefined for any other response. */
export const codeOf = (response: Response): ErrorCode | undefined => codes.get(response);

/**
 * A refusal as OpenAI's SDKs parse it: `{"error":{"message","type","param","code"}}`.
 * @param code - the row of the table
 * @param message - replaces the row's message when more is known
 * @param headers - extra response headers (`retry-after`, `allow`, …)
 * @param type - replaces the row's type
 */
export function refuse(
  code: ErrorCode,
  message?: string,
  headers?: Record<string, string>,
  type?: string,
): Response {
  const row = errors[code];
  const error = {
    message: message ?? row.message,
    type: type ?? row.type,
    param: null,
    code: row.code ?? code,
  };
  const response = new Response(JSON.stringify({ error }), {
    status: row.status,
    headers: { 'content-type': 'application/json', ...headers },
  });
  codes.set(response, code);
  return response;
}
