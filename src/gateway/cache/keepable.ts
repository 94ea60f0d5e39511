import { isFailed, keepableStream } from './keepable-stream.ts';
import { textOf } from './replay/events.ts';
import type { Family } from './replay/family.ts';
import { formOf } from './replay/family.ts';
import { objectOf } from './replay/json.ts';
import type { Fields } from './replay/json.ts';

/**
 * Whether an answer with status 200 is whole and no error, so that it may be kept.
 * @param body - as the upstream sent it, to its true end, without a content coding
 */
export function keepable(family: Family, contentType: string, body: Uint8Array): boolean {
  const form = formOf(contentType);
  if (form === 'stream') return keepableStream(family, body);
  if (form === 'json') return keepableJson(family, body);
  // Sound, text of a transcription. A page is what stands before an upstream: a log-in, a proxy's error.
  return family === 'other' && body.length > 0 && !/\bhtml\b/i.test(contentType);
}

function keepableJson(family: Family, body: Uint8Array): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(body));
  } catch {
    return false;
  }
  const answer = objectOf(parsed);
  if (!answer || (answer.error !== null && answer.error !== undefined)) return false;
  if (family === 'chat' || family === 'completions') return areFinished(answer.choices);
  if (family === 'responses') return answer.status === 'completed' || answer.status === 'incomplete';
  return family !== 'embeddings' || (Array.isArray(answer.data) && answer.data.length > 0);
}

function areFinished(choices: unknown): boolean {
  return Array.isArray(choices) && choices.length > 0 && choices.every((one) => isFinished(objectOf(one)));
}

/** An upstream that has no reasons says none at all, and its JSON is whole; null says that there is more to come. */
function isFinished(choice: Fields | undefined): boolean {
  return choice !== undefined && choice.finish_reason !== null && !isFailed(choice);
}
