/** An HTTP/1.1 message as its bytes say it, read without any of the code under test. */
export interface Message {
  /** The request or status line. */
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  /** As far as it came, without the chunked coding. */
  readonly body: Buffer;
  /** The message came to its end. */
  readonly complete: boolean;
  /** Bytes of the whole message on the wire. */
  readonly size: number;
}

/** All values of a header, in order. */
export function values(message: Pick<Message, 'headers'>, name: string): string[] {
  return message.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** What has no body whatever its headers say: the answer to HEAD, 1xx, 204, 304. */
export type Bodiless = (start: string) => boolean;

/**
 * Reads one message from the start of `bytes`.
 * @param untilClose - without framing the body lasts until the connection closes (an answer), else there is none
 */
export function readMessage(
  bytes: Buffer,
  bodiless: Bodiless,
  untilClose: boolean,
  closed: boolean,
): Message | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const rest = bytes.subarray(end + 4);
  const done = (body: Buffer, complete: boolean, size: number): Message => ({
    start,
    headers,
    body,
    complete,
    size: end + 4 + size,
  });
  if (bodiless(start)) return done(Buffer.alloc(0), true, 0);
  if (values({ headers }, 'transfer-encoding').some((value) => /chunked/i.test(value))) {
    const { body, complete, size } = readChunks(rest);
    return done(body, complete, size);
  }
  const length = values({ headers }, 'content-length')[0];
  if (length !== undefined) {
    const body = rest.subarray(0, Number(length));
    return done(body, body.length === Number(length), body.length);
  }
  return untilClose ? done(rest, closed, rest.length) : done(Buffer.alloc(0), true, 0);
}

function readChunks(bytes: Buffer): { body: Buffer; complete: boolean; size: number } {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) break;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', line);
      if (end < 0) break;
      return { body: Buffer.concat(pieces), complete: true, size: end + 4 };
    }
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    if (bytes.length < line + 4 + size) break;
    at = line + 4 + size;
  }
  return { body: Buffer.concat(pieces), complete: false, size: bytes.length };
}
