import type { About, Entry } from '../../src/store/entries/store.ts';

/** A key as the cache makes them. */
export const keyOf = (name: number | string): string =>
  new Bun.CryptoHasher('sha256').update(String(name)).digest('hex').slice(0, 32);

export const HOUR = 3_600_000;

export function sampleAbout(changes: Partial<About> = {}): About {
  const now = Date.now();
  return {
    target: 'http://127.0.0.1:9000',
    route: 'POST /v1/chat/completions',
    model: 'gpt-4o-mini',
    user: '',
    storedAt: now,
    expiresAt: now + HOUR,
    keptUntil: now + 2 * HOUR,
    ...changes,
  };
}

export function sampleEntry(body: Uint8Array | string = 'hello', about: Partial<About> = {}): Entry {
  return {
    about: sampleAbout(about),
    request: Buffer.from('{"model":"gpt-4o-mini"}'),
    headers: [['content-type', 'application/json']],
    body: Buffer.from(body),
  };
}

/** Bytes that are the same for the same name and length, and look like no others (xorshift). */
export function bytesOf(name: number | string, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = Number(Bun.hash.xxHash32(String(name))) || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** @returns whether `body` is what `bytesOf` gave */
export const isBodyOf = (name: number | string, body: Uint8Array): boolean =>
  bytesOf(name, body.length).equals(body);

/** Of an entry whose model is `name …` and whose body is made of the model. @returns whether it is one */
export const isRight = (name: number | string, { about, body }: Entry): boolean =>
  about.model.startsWith(`${name} `) && isBodyOf(about.model, body);
