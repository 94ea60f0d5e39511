import { WireFailure } from './failure.ts';

/** How a response body ends (RFC 9112 §6.3). `length` is in bytes. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

/** A parsed response head. Names keep the upstream's case; hop-by-hop fields are gone. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: [string, string][];
  readonly framing: Framing;
  /** The connection may serve another request after this one. */
  readonly keepAlive: boolean;
  /** Seconds the upstream keeps an idle connection, when it said so (`Keep-Alive: timeout=N`). */
  readonly keepAliveSeconds: number | undefined;
  /** What `Connection` names, lower case: for an upgrade's answer. */
  readonly upgrade: boolean;
}

/** A head longer than this is no head. Bytes. */
const MAX_HEAD = 128 * 1024;
/** More fields than any upstream has use for: Bun's own header table takes time that grows with their square. */
const MAX_FIELDS = 1000;

/** Puts a response head together from reads cut anywhere, in time that grows with its length alone. */
export class HeadText {
  /** What came behind the head; to be read once {@link take} has given it. */
  rest: Buffer = none;
  private bytes: Buffer = none;
  private length = 0;

  /**
   * @returns the head as latin1 without the empty line that ends it; undefined until that came
   * @throws {@link WireFailure} `invalid_response` when it is too long
   */
  take(read: Buffer): string | undefined {
    const from = Math.max(0, this.length - 3);
    const all = this.length === 0 ? read : this.append(read);
    const end = all.indexOf('\r\n\r\n', from);
    if ((end < 0 ? all.length : end) > MAX_HEAD)
      throw new WireFailure('invalid_response', `a response head over ${MAX_HEAD} bytes`);
    if (end < 0) {
      if (this.length === 0) this.append(read);
      return undefined;
    }
    this.rest = all.subarray(end + 4);
    return all.toString('latin1', 0, end);
  }

  private append(read: Buffer): Buffer {
    const length = this.length + read.length;
    if (length > this.bytes.length) {
      // Doubled, so that a head that comes byte by byte is not copied for each.
      const larger = Buffer.allocUnsafeSlow(2 * length);
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(read, this.length);
    this.length = length;
    return this.bytes.subarray(0, length);
  }
}

const none = Buffer.alloc(0);
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

interface Seen {
  length: number | undefined;
  codings: string;
  connection: string;
  keepAliveSeconds: number | undefined;
}

/**
 * Parses a response head.
 * @param text - the head as latin1, without the empty line that ends it
 * @param method - the request's method: a HEAD answer has no body
 * @throws {@link WireFailure} `invalid_response` when it is not HTTP/1.x or its framing is ambiguous (RFC 9112 §6.3)
 */
export function parseHead(text: string, method: string): ResponseHead {
  const lines = text.split('\r\n', MAX_FIELDS + 2);
  if (lines.length > MAX_FIELDS + 1)
    throw new WireFailure('invalid_response', `more than ${MAX_FIELDS} header fields`);
  const start = statusLine.exec(lines[0]!);
  if (!start) throw new WireFailure('invalid_response', 'not an HTTP/1.x status line');
  const status = Number(start[2]);
  const seen: Seen = {
    length: undefined,
    codings: '',
    connection: '',
    keepAliveSeconds: undefined,
  };
  let headers: [string, string][] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon < 1 || !token.test(name)) throw new WireFailure('invalid_response', 'a malformed header field');
    const value = line.slice(colon + 1).trim();
    if (!noteHopByHop(name.toLowerCase(), value, seen)) headers.push([name, value]);
  }
  const named = connectionTokens(seen.connection);
  if (named.size > 0) headers = headers.filter(([name]) => !named.has(name.toLowerCase()));
  const framing = frame(status, method, seen);
  const upgrade = named.has('upgrade');
  const isCurrent = start[1] === '1';
  const persistent = !named.has('close') && (isCurrent || named.has('keep-alive'));
  // RFC 9112 §6.1: with a length beside it, or from HTTP/1.0, a transfer coding may be a smuggled message.
  const isClear = seen.codings === '' || (isCurrent && seen.length === undefined);
  const keepAlive = persistent && framing.kind !== 'close' && isClear;
  // A length tells a HEAD or 304 client what a GET would bring; elsewhere the server frames the body anew.
  if (framing.kind === 'none' && seen.length !== undefined)
    headers.push(['content-length', String(seen.length)]);
  // Without either, Bun would tell a HEAD client that there are 0 bytes.
  else if (method === 'HEAD') headers.push(['transfer-encoding', 'chunked']);
  return { status, headers, framing, keepAlive, keepAliveSeconds: seen.keepAliveSeconds, upgrade };
}

/** Notes a field that belongs to this hop only (RFC 9110 §7.6.1); true when it must not be passed on. */
function noteHopByHop(name: string, value: string, seen: Seen): boolean {
  switch (name) {
    case 'content-length':
      seen.length = sameLength(value, seen.length);
      return true;
    case 'transfer-encoding':
      seen.codings += `,${value}`;
      return true;
    case 'connection':
      seen.connection += `,${value}`;
      return true;
    case 'keep-alive': {
      const timeout = /(?:^|[,\s])timeout=(\d+)/i.exec(value);
      if (timeout) seen.keepAliveSeconds = Number(timeout[1]);
      return true;
    }
    case 'proxy-connection':
    case 'proxy-authenticate':
    case 'te':
    case 'trailer':
    case 'upgrade':
      return true;
    default:
      return false;
  }
}

function sameLength(value: string, before: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (Number.isNaN(length) || (before !== undefined && before !== length)) {
    throw new WireFailure('invalid_response', 'an ambiguous Content-Length');
  }
  return length;
}

/** The lower-cased names in a `Connection` value. */
export function connectionTokens(value: string): ReadonlySet<string> {
  return usual.get(value) ?? new Set(listed(value));
}

/** What nearly all say: read once. Several fields of a response are joined by commas, from the first on. */
const usual: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  ['', ',keep-alive', ',Keep-Alive', ',close'].map((value) => [value, new Set(listed(value))]),
);

function listed(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function frame(status: number, method: string, seen: Seen): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (seen.codings !== '') {
    const codings = listed(seen.codings).filter((coding) => coding !== 'identity');
    if (codings.length === 0) return { kind: 'close' };
    // aifd sends no TE, so no other coding is allowed (RFC 9110 §10.1.4), and the client could not undo it.
    if (codings.length > 1 || codings[0] !== 'chunked')
      throw new WireFailure('invalid_response', 'a transfer coding that nobody asked for');
    return { kind: 'chunked' };
  }
  if (seen.length !== undefined) return { kind: 'length', length: seen.length };
  return { kind: 'close' };
}
