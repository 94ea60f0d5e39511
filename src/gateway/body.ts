import { WireFailure } from './upstream/wire/failure.ts';

/** A request body on its way upstream. Only what is whole, or not yet begun, can be sent again. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'stream';
      readonly stream: ReadableStream<Uint8Array>;
      /** Bytes, when the client said; else it goes chunked. */
      readonly length: number | undefined;
      /** Set once the first byte was read from the client. */
      consumed: boolean;
    };

/** Said to be empty, which is not the same as having none: `Content-Length: 0` goes on. */
const nothing = new Uint8Array();

/** A JSON body up to this many bytes is read whole: cheaper than a stream, and it can be sent again. */
const SMALL = 64 * 1024;

/**
 * The request's body, whole when it is small JSON, else as a stream.
 * @throws WireFailure `aborted` when the client leaves while it is read
 */
export function readBody(request: Request): RequestBody | Promise<RequestBody> {
  const { body, headers } = request;
  const declared = headers.get('content-length');
  if (body === null) return declared === '0' ? { kind: 'bytes', bytes: nothing } : { kind: 'none' };
  const length = declared === null ? undefined : Number(declared);
  if (length === undefined || length > SMALL || !isJson(headers)) {
    return { kind: 'stream', stream: body, length, consumed: false };
  }
  return request.bytes().then(
    (bytes) => ({ kind: 'bytes', bytes }),
    () => {
      throw new WireFailure('aborted', 'the client left');
    },
  );
}

/** True while the body can go upstream once more. */
export function isReplayable(body: RequestBody): boolean {
  return body.kind !== 'stream' || !body.consumed;
}

function isJson(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/json') ?? false;
}
