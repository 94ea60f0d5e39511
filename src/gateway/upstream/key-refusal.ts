import { decodeBytes } from '../../openai/decode.ts';
import { valueOf } from '../headers.ts';
import { WireFailure } from './wire/failure.ts';
import type { Answer } from './wire/types.ts';

/** An error's body is read as far as this. Bytes. */
const MOST_READ = 32 * 1024;
/** And waited for so long. ms */
const MOST_WAIT_MS = 2000;

/** What a response says of the real key that its request carried. */
export interface KeyVerdict {
  /** `refused`: invalid, revoked, expired. `exhausted`: its account has no quota left. */
  readonly verdict: 'refused' | 'exhausted' | undefined;
  /** The body holds a part of the key. */
  readonly isShown: boolean;
}

/** The upstream refused the operator's key, and no other could be tried. */
export class KeyRefusal extends WireFailure {
  /** @param othersWork - another key would have been tried, had the body not been gone */
  constructor(
    status: number,
    readonly othersWork: boolean,
  ) {
    super('key_refused', `status ${status}`);
  }
}

const unread: KeyVerdict = { verdict: undefined, isShown: false };

/**
 * Reads an error response as far as it speaks of the key; its body can be streamed afterwards.
 * @param key - the real key that the request carried
 */
export async function judgeKey({ head, body }: Answer, key: string): Promise<KeyVerdict> {
  const { status, headers, framing } = head;
  const isDenied = status === 401 || status === 403;
  // Others are common, and are only looked at when they are here already.
  const bytes = framing.kind === 'none' ? nothing : isDenied ? await beginning(body) : body.whole();
  if (bytes === undefined || (bytes.length > MOST_READ && !isDenied)) return unread;
  const decoded = await decodeBytes(valueOf(headers, 'content-encoding') ?? null, bytes, MOST_READ);
  const text = Buffer.from(decoded.bytes).toString();
  const verdict = verdictOf(status, text);
  return { verdict, isShown: (isDenied || verdict !== undefined) && holdsPart(text, key) };
}

/** True for statuses under which {@link judgeKey} may find something. */
export function mayConcernKey(status: number): boolean {
  return status >= 400 && (status <= 403 || status === 429);
}

const nothing = new Uint8Array();

/** The body's first bytes, as soon as there are enough of them, or no more. */
function beginning(body: Answer['body']): Promise<Uint8Array> {
  return new Promise((resolve) => {
    let pieces: Uint8Array[] | undefined = [];
    let length = 0;
    const done = (): void => {
      clearTimeout(timer);
      if (pieces) resolve(Buffer.concat(pieces));
      pieces = undefined;
    };
    const timer = setTimeout(done, MOST_WAIT_MS);
    body.listen({
      chunk(piece) {
        pieces?.push(piece);
        length += piece.length;
        if (length >= MOST_READ) done();
      },
      end: done,
    });
  });
}

/** Codes of OpenAI, Anthropic, Google, Azure and those that follow them, lower case. */
const refusedCodes: ReadonlySet<string> = new Set([
  'account_deactivated',
  'api_key_expired',
  'api_key_invalid',
  'authentication_error',
  'expired_api_key',
  'incorrect_api_key',
  'invalid_api_key',
  'invalid_authentication',
  'key_revoked',
  'revoked_api_key',
  'unauthenticated',
]);
const exhaustedCodes: ReadonlySet<string> = new Set([
  'billing_hard_limit_reached',
  'billing_not_active',
  'insufficient_balance',
  'insufficient_quota',
]);

/** A client's own choice of these can cause a 401 under a key that works. */
const otherCauses = ['organization', 'organisation', 'project', 'scope', 'permission', 'region', 'country'];
const things = ['key', 'token', 'account'];
const faults = [
  'invalid',
  'incorrect',
  'not valid',
  'revoked',
  'expired',
  'disabled',
  'deactivated',
  'suspended',
];

function verdictOf(status: number, text: string): KeyVerdict['verdict'] {
  const { codes, message } = said(text);
  if (codes.some((code) => exhaustedCodes.has(code))) return 'exhausted';
  const isNamed = codes.some((code) => refusedCodes.has(code));
  if (status === 400) return codes.includes('api_key_invalid') ? 'refused' : undefined;
  if (status === 401)
    return isNamed || !holdsAny(`${message} ${codes.join()}`, otherCauses) ? 'refused' : undefined;
  if (status !== 403) return undefined;
  return isNamed || (holdsAny(message, things) && holdsAny(message, faults)) ? 'refused' : undefined;
}

const holdsAny = (text: string, words: readonly string[]): boolean =>
  words.some((word) => text.includes(word));

/** The codes and the message of an error, lower case. Only fields are read as codes: a message may quote the client. */
function said(text: string): { codes: string[]; message: string } {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    return { codes: [], message: text.toLowerCase() };
  }
  const codes: string[] = [];
  let message = '';
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > 4) return;
    for (const [name, field] of Object.entries(value)) {
      if (typeof field !== 'string') look(field, depth + 1);
      else if (name === 'code' || name === 'type' || name === 'status' || name === 'reason')
        codes.push(field.toLowerCase());
      else message += `${field.toLowerCase()}\n`;
    }
  };
  look(whole, 0);
  return { codes, message };
}

const masks = ['*', '…', '...', '•', '●', 'xx', 'XX'];

/** True when a text holds a part of a key: eight characters of it, or its ends as they stand beside a mask. */
function holdsPart(text: string, key: string): boolean {
  for (let i = 0; i + 8 <= key.length; i++) if (text.includes(key.slice(i, i + 8))) return true;
  for (let n = 3; n < 8 && n < key.length; n++) {
    const [first, last] = [key.slice(0, n), key.slice(-n)];
    // `sk-` alone is a part of every key.
    if (masks.some((mark) => (n > 3 && text.includes(first + mark)) || text.includes(mark + last)))
      return true;
  }
  return text.includes(key);
}
