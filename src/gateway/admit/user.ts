import type { Exchange } from '../exchange.ts';
import type { AddressRules } from './address.ts';
import { clientKey } from './keys.ts';

/**
 * Who a request is counted for, and whose answers it may be given: the key it came with, as a digest, else its address.
 * The same on every worker and after a restart, and nobody can read a key from it.
 */
export function userOf(exchange: Exchange, addresses: AddressRules): string {
  return (exchange.user ??= identify(exchange, addresses));
}

function identify({ credentials, request, destination, edge }: Exchange, addresses: AddressRules): string {
  // The credentials of a forward key are the same object each time.
  if (credentials.kind === 'replace' && credentials.key !== undefined)
    return (credentials.user ??= userOfKey(credentials.key));
  const key = credentials.key ?? clientKey(request.headers, destination.path);
  if (key === undefined) return `a:${addresses.clientAddress(request, edge)}`;
  return userOfKey(key);
}

/** The user that a key makes. */
export function userOfKey(key: string): string {
  return `k:${Bun.SHA256.hash(key, 'base64').slice(0, 22)}`;
}
