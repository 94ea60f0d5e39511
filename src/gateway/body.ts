import { holdsPrompt } from '../openai/passing.ts';
import { deadlines, type Watched } from './upstream/wire/deadlines.ts';
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
      /** Looks on as it passes. Must not keep the views it is given. */
      watch?: { chunk(piece: Uint8Array): void };
    };

/** Said to be empty, which is not the same as having none: `Content-Length: 0` goes on. */
const nothing = new Uint8Array();

/** Where a feature must see a prompt, a body up to this many bytes is read whole. */
export const MOST_WHOLE = 8 * 1024 * 1024;

/** A JSON body up to this many bytes is read whole: cheaper than a stream, and it can be sent again. */
const SMALL = 64 * 1024;

/** Where a limit must see what a form asks for, one up to this many bytes is read whole. */
export const MOST_FORM = 1024 * 1024;

/**
 * The request's body, whole when it is small JSON, else as a stream.
 * @param stallSeconds - how long a body that is read whole may take to arrive; 0 is no limit
 * @param wholeUpTo - set where a limit or the cache must see the body: all that could be a prompt is then read whole, up to so many
 * bytes, whatever it calls itself
 * @param formUpTo - set where a limit must see a form's fields: one up to so many bytes is then read whole
 * @throws WireFailure `aborted` when the client leaves meanwhile, `upload_timeout` when it stalls
 */
export function readBody(
  request: Request,
  stallSeconds: number,
  wholeUpTo?: number,
  formUpTo?: number,
): RequestBody | Promise<RequestBody> {
  const { headers } = request;
  const declared = headers.get('content-length');
  const length = declared === null ? undefined : Number(declared);
  if (length === 0) return { kind: 'bytes', bytes: nothing };
  const type = headers.get('content-type') ?? '';
  const isForm = formUpTo !== undefined && multipart.test(type);
  const wanted = isForm || (wholeUpTo === undefined ? json.test(type) : holdsPrompt(headers));
  const upTo = isForm ? formUpTo : wholeUpTo;
  // Even to look at `body` makes a stream of it: the usual request never does.
  if (length !== undefined && length <= (upTo ?? SMALL) && wanted) return readWhole(request, stallSeconds);
  const stream = request.body;
  if (!stream) return { kind: 'none' };
  if (length === undefined && wanted && upTo !== undefined) return readSome(stream, upTo, stallSeconds);
  return { kind: 'stream', stream, length, consumed: false };
}

const json = /^application\/json/i;
const multipart = /^\s*multipart\/form-data/i;

function readWhole(request: Request, stallSeconds: number): Promise<RequestBody> {
  return inTime(request.bytes(), stallSeconds, (bytes) => ({ kind: 'bytes', bytes }));
}

/** A chunked body, whole when it ends within `most` bytes, else as a stream again. */
async function readSome(
  stream: ReadableStream<Uint8Array>,
  most: number,
  stallSeconds: number,
): Promise<RequestBody> {
  const reader = stream.getReader();
  const read: Uint8Array[] = [];
  for (let bytes = 0; bytes <= most; bytes += read.at(-1)!.length) {
    const { done, value } = await inTime(reader.read(), stallSeconds, (next) => next);
    if (done) return { kind: 'bytes', bytes: Buffer.concat(read) };
    read.push(value as Uint8Array);
  }
  const rest = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = read.shift() ?? ((await reader.read()).value as Uint8Array | undefined);
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel: () => reader.cancel(),
  });
  return { kind: 'stream', stream: rest, length: undefined, consumed: true };
}

/**
 * What arrives from the client, if it does in time. On the shared deadlines, without a timer or an error of its own: each
 * small request comes by here.
 */
function inTime<T, R>(arriving: Promise<T>, seconds: number, then: (value: T) => R): Promise<R> {
  return new Promise((resolve, reject) => {
    const stall = new Stall(seconds, reject);
    const arrived = (value: T): void => {
      deadlines.delete(stall);
      resolve(then(value));
    };
    const left = (): void => {
      deadlines.delete(stall);
      reject(new WireFailure('aborted', 'the client left'));
    };
    arriving.then(arrived, left);
  });
}

/** Notices that a client has stopped to send. */
class Stall implements Watched {
  watchedAt = -1;
  private readonly since = performance.now();

  constructor(
    private readonly seconds: number,
    private readonly late: (failure: WireFailure) => void,
  ) {
    if (seconds > 0) deadlines.add(this);
  }

  check(now: number): void {
    if (now - this.since <= this.seconds * 1000) return;
    deadlines.delete(this);
    this.late(new WireFailure('upload_timeout', `no whole body within ${this.seconds} s`));
  }
}

/** True while the body can go upstream once more. */
export function isReplayable(body: RequestBody): boolean {
  return body.kind !== 'stream' || !body.consumed;
}
