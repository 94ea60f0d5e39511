import { holdsPrompt } from '../openai/passing.ts';
import { takeCaching, type TakenCaching, withoutCaching } from './caching-field.ts';
import { refuse } from './errors.ts';
import type { Exchange } from './exchange.ts';

/**
 * Takes `"caching"` out of the body: it is a word to aifd and no upstream's affair, whether anything is cached or not. A
 * body without it stays as it is.
 * @returns the refusal of a value that is neither true nor false; a promise for a large body that may have it
 */
export function takeOwnField(exchange: Exchange): Response | undefined | Promise<Response | undefined> {
  const { body, request } = exchange;
  if (body.kind === 'none' || !holdsPrompt(request.headers)) return undefined;
  // A coded body passes as it is.
  if (request.headers.has('content-encoding')) return undefined;
  if (body.kind === 'stream') {
    // Too long to hold: its length went out, so the field becomes white space.
    exchange.body = { ...body, stream: withoutCaching(body.stream) };
    return undefined;
  }
  const taken = takeCaching(body.bytes);
  if (taken instanceof Promise) return taken.then((late) => applied(exchange, body.bytes, late));
  return applied(exchange, body.bytes, taken);
}

function applied(
  exchange: Exchange,
  before: Uint8Array,
  { bytes, caching }: TakenCaching,
): Response | undefined {
  if (caching === 'invalid') return refuse('invalid_caching');
  if (bytes !== before) exchange.body = { kind: 'bytes', bytes };
  exchange.caching = caching;
  return undefined;
}
