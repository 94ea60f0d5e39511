import type { Family } from './family.ts';

/** STUB until the real one comes: the same form only. */
export function replayOf(
  _family: Family,
  kept: { contentType: string; body: Uint8Array },
  want: { stream: boolean; includeUsage: boolean },
): { contentType: string; body: Uint8Array } | undefined {
  return /event-stream/.test(kept.contentType) === want.stream ? kept : undefined;
}
