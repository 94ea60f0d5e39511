import type { Usage } from '../../openai/usage/usage.ts';
import type { Estimate } from '../../openai/usage/estimate.ts';

/**
 * Tokens that an answer is taken to have where the request named no maximum and nothing of the answer can be read: the
 * default maximum of several upstreams.
 */
const ASSUMED_COMPLETION = 4096;

/** How an answer came, beside its usage. */
export interface Came {
  /** The answer is a stream of server-sent events. */
  readonly streamed: boolean;
  /** Its bytes are text of the model, were it not for a form that is not known: not JSON, no sound, image or file. */
  readonly isText: boolean;
  /** Bytes of it, as they came. */
  readonly bytes: number;
}

/**
 * How the last event of a stream looks, or one that has the final usage. What a model says cannot look so: its quotes
 * are escaped, and its line breaks.
 */
const lastEvent =
  /^data: ?\[DONE\]|"type": ?"(?:message_stop|message_delta|response\.(?:completed|incomplete|failed))"|"finish_reason": ?"|"choices": ?\[\]/m;

/** Whether a stream that was cut had said all: many clients (OpenAI's SDK) leave at its last event. */
export function saysEnd(pieces: readonly (Uint8Array | undefined)[]): boolean {
  const text = pieces.map((piece) => (piece ? Buffer.from(piece).toString('latin1') : '')).join('');
  return lastEvent.test(text);
}

/** Tokens reserved. At least one: what counts nothing on entry is never refused, and nothing could be settled. */
export function reservedFor({ prompt, completion }: Estimate): number {
  return Math.max(1, prompt + completion);
}

/** Tokens of a request that the upstream may have answered in full, and nobody knows how. */
export function assumedFor(estimate: Estimate): number {
  return reservedFor(estimate) + (estimate.completion > 0 ? 0 : ASSUMED_COMPLETION);
}

/** Whole tokens of an answer's usage; without one, of what came of the answer and the estimated prompt. */
export function countedIn({ reported, total, input, output, text }: Usage, { prompt }: Estimate): number {
  // Windows count whole tokens, whatever an upstream says.
  return Math.ceil(reported ? (total ?? (input ?? 0) + (output ?? 0)) : (input ?? prompt) + text);
}

/**
 * Tokens of a successful answer that came to its end. One without usage costs no less than was reserved, but a stream
 * whose text was counted: by default streams have no usage.
 */
export function spentBy(usage: Usage, came: Came, estimate: Estimate): number {
  const counted = countedIn(usage, estimate);
  if (usage.reported || (came.streamed && usage.text > 0)) return counted;
  if (!usage.complete) return Math.max(counted, assumedFor(estimate));
  const asText = came.streamed || came.isText ? estimate.prompt + Math.ceil(came.bytes / 4) : 0;
  return Math.max(counted, reservedFor(estimate), asText);
}
