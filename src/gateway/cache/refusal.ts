import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Asked } from './question.ts';

/** So much of what was asked is said back. Characters. */
const MOST_SAID = 200;

/** Nothing is kept, and the request's `only-if-cached` forbids to ask (RFC 9111 §5.2.1.7). */
export function refuseNotCached(exchange: Exchange): Response {
  const { method, destination } = exchange;
  return refuseMiss(
    `The request said only-if-cached, and no answer to ${method} ${destination.plain} is kept.`,
  );
}

/**
 * The recording has no answer, and nobody is asked.
 * @param asked - undefined where the cache could not have kept one
 */
export function refuseUnrecorded(exchange: Exchange, asked?: Asked): Response {
  const what = `${exchange.method} ${exchange.destination.plain}`;
  if (!asked)
    return refuseMiss(
      `CACHE_MODE is replay, and ${what} is not a request that the cache keeps: see CACHE_ROUTES.`,
    );
  const model = asked.model === '' ? '' : ` with the model ${asked.model}`;
  return refuseMiss(
    `CACHE_MODE is replay, and there is no recorded answer to ${what}${model} (entry ${asked.key}), ` +
      `which asked: ${gist(asked.canonical)}`,
  );
}

function refuseMiss(message: string): Response {
  // The SDKs would ask twice again: it would be missing still.
  return refuse('cache_miss', message, { 'x-should-retry': 'false', 'cache-status': 'aifd; detail=miss' });
}

/** The last message, or the prompt: by that a developer knows a request. */
function gist(canonical: string): string {
  let asked: unknown = canonical;
  try {
    const { messages, input, prompt } = JSON.parse(canonical) as Record<string, unknown>;
    asked =
      (Array.isArray(messages) ? (messages.at(-1) as unknown) : undefined) ?? input ?? prompt ?? canonical;
  } catch {
    // A request without a body has no more to say.
  }
  const text = typeof asked === 'string' ? asked : JSON.stringify(asked);
  return text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)}…` : text;
}
