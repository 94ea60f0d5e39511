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
 * @param wholeUpTo - bytes up to which JSON is read whole
 * @param stallSeconds - how long small JSON may take to arrive; 0 is no limit
 * @throws WireFailure `aborted` when the client leaves meanwhile, `upload_timeout` when it stalls
 */
export function readBody(
  request: Request,
  stallSeconds: number,
  wholeUpTo: number = SMALL,
): RequestBody | Promise<RequestBody> {
  const { headers } = request;
  const declared = headers.get('content-length');
  const length = declared === null ? undefined : Number(declared);
  if (length === 0) return { kind: 'bytes', bytes: nothing };
  // Even to look at `body` makes a stream of it: the usual request never does.
  if (length !== undefined && length <= wholeUpTo && isJson(headers)) return readWhole(request, stallSeconds);
  const stream = request.body;
  return stream ? { kind: 'stream', stream, length, consumed: false } : { kind: 'none' };
}

async function readWhole(request: Request, stallSeconds: number): Promise<RequestBody> {
  const arriving = request.bytes();
  if (Bun.peek.status(arriving) === 'pending' && stallSeconds > 0) {
    const { promise: stalled, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new WireFailure('upload_timeout', `no whole body within ${stallSeconds} s`)),
      stallSeconds * 1000,
    );
    const bytes = await Promise.race([arriving.catch(left), stalled]).finally(() => clearTimeout(timer));
    return { kind: 'bytes', bytes };
  }
  try {
    return { kind: 'bytes', bytes: await arriving };
  } catch {
    return left();
  }
}

function left(): never {
  throw new WireFailure('aborted', 'the client left');
}

/** True while the body can go upstream once more. */
export function isReplayable(body: RequestBody): boolean {
  return body.kind !== 'stream' || !body.consumed;
}

function isJson(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/json') ?? false;
}
