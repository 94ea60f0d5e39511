import type { Family } from './replay/family.ts';

/** STUB until the real one comes. */
export function keepable(_family: Family, _contentType: string, body: Uint8Array): boolean {
  return body.length > 0;
}
