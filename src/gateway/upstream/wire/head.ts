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

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

interface Seen {
  length: number | undefined;
  chunked: boolean;
  codings: boolean;
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
  const lines = text.split('\r\n');
  const start = statusLine.exec(lines[0]!);
  if (!start) throw new WireFailure('invalid_response', 'not an HTTP/1.x status line');
  const status = Number(start[2]);
  const seen: Seen = {
    length: undefined,
    chunked: false,
    codings: false,
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
  if (named.length > 0) headers = headers.filter(([name]) => !named.includes(name.toLowerCase()));
  const framing = frame(status, method, seen);
  const upgrade = named.includes('upgrade');
  const persistent = start[1] === '1' ? !named.includes('close') : named.includes('keep-alive');
  const keepAlive = persistent && framing.kind !== 'close' && !(seen.codings && seen.length !== undefined);
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
      seen.codings = true;
      seen.chunked = /(?:^|[,\s])chunked$/i.test(value);
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
export function connectionTokens(value: string): string[] {
  if (value === '') return [];
  return value
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function frame(status: number, method: string, seen: Seen): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (seen.codings) return seen.chunked ? { kind: 'chunked' } : { kind: 'close' };
  if (seen.length !== undefined) return { kind: 'length', length: seen.length };
  return { kind: 'close' };
}
