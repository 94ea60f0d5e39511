import type { Exchange } from '../exchange.ts';
import type { AddressRules } from './address.ts';
import { decoded, firstKey, isKeyParameter, placesOfKeys } from './keys.ts';

/**
 * Whom a request is counted for: the forward key where keys are checked, else the credential it came with, else its
 * address. The same on every worker and after a restart.
 */
export function userOf(exchange: Exchange, addresses: AddressRules): string {
  return (exchange.user ??= identify(exchange, addresses));
}

function identify(exchange: Exchange, addresses: AddressRules): string {
  const { credentials, request, destination, edge } = exchange;
  // The credentials of a forward key are the same object each time.
  if (credentials.kind === 'replace' && credentials.isChecked)
    return (credentials.user ??= userOfKey(credentials.key));
  const main = mainCredential(request.headers, destination.path);
  return main === undefined ? `a:${addresses.userAddress(request, edge)}` : userOfKey(main);
}

/**
 * The credential that a caller is counted by, the same whichever of the usual places it stands in. Only one: junk in
 * another field beside it must not make another user, with limits of its own.
 */
function mainCredential(headers: Headers, path: string): string | undefined {
  const key = firstKey(headers, path);
  if (key !== undefined) return key;
  const sent = credentialsIn(headers, path, false);
  return sent === '' ? undefined : `\0${sent.slice(0, sent.indexOf('\n'))}`;
}

/**
 * The user that a key makes. The same on all machines, so that those that share a Redis count alike. It is never
 * shown: see `shownUser`.
 */
export function userOfKey(key: string): string {
  return `k:${Bun.SHA256.hash(key, 'base64').slice(0, 22)}`;
}

/**
 * A digest of all credentials in a request that aifd did not check and that go upstream: a response to them may be for
 * that caller alone. Empty when there are none; the user itself where there is one.
 */
export function uncheckedCredentials({ credentials, request, destination }: Exchange): string {
  const isReplaced = credentials.kind === 'replace';
  const sent = credentialsIn(request.headers, destination.path, isReplaced);
  if (sent === '') return '';
  const isOne = !isReplaced && sent.indexOf('\n') === sent.length - 1;
  return userOfKey((isOne && mainCredential(request.headers, destination.path)) || `\0${sent}`);
}

/** Names that say so. Of fields and of query parameters. */
const credentialName =
  /key|token|auth|account|cookie|session|secret|credential|passw|signature|jwt|assertion|principal|bearer/i;
/** Names that sound like it: the first two are new with every request. */
const otherNames: ReadonlySet<string> = new Set([
  'idempotency-key',
  'x-idempotency-key',
  'sec-websocket-key',
  'max_tokens',
]);

/** Names come again and again: each is looked at once. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 1000;
const LONGEST_KNOWN = 64;

/** Whether a field of a request may tell callers apart, by its name. @param name - in lower case */
export function isCredential(name: string): boolean {
  let is = known.get(name);
  if (is !== undefined) return is;
  // The vendor's own name says key.
  is = credentialName.test(name.replace('x-portkey-', '')) && !otherNames.has(name);
  if (known.size >= MOST_KNOWN) known.clear();
  if (name.length <= LONGEST_KNOWN) known.set(name, is);
  return is;
}

/** Every field and query parameter that may tell callers apart. @param isReplaced - those that aifd takes out are left out */
function credentialsIn(headers: Headers, path: string, isReplaced: boolean): string {
  let found = '';
  headers.forEach((value, name) => {
    if (isCredential(name) && !(isReplaced && placesOfKeys.has(name))) found += `${name}:${value}\n`;
  });
  const offered = isReplaced ? null : headers.get('sec-websocket-protocol');
  if (offered?.includes('key')) found += `protocol:${offered}\n`;
  const mark = path.indexOf('?');
  if (mark < 0) return found;
  for (const part of path.slice(mark + 1).split('&')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    const isKey = isKeyParameter(part);
    if (isKey ? !isReplaced : credentialName.test(name) && !otherNames.has(name)) found += `?${part}\n`;
  }
  return found;
}

/** The path as it may be shown and stored: query parameters that may be credentials are without their values. */
export function withoutSecrets(path: string): string {
  const mark = path.indexOf('?');
  if (mark < 0) return path;
  const parts = path.slice(mark + 1).split('&');
  const shown = parts.map((part) => {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(0, equals));
    return equals >= 0 && isCredential(decoded(name).toLowerCase()) ? `${name}=***` : part;
  });
  return `${path.slice(0, mark)}?${shown.join('&')}`;
}
