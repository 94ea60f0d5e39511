import { objectOf } from './json.ts';
import type { Fields } from './json.ts';

/**
 * Whether a message of an upstream tells of an error: a whole JSON answer, or the data of an event. Of OpenAI's APIs
 * (`error`, `response.failed`, Realtime's failed `response.done`), Anthropic's (`type: error`), OpenRouter's (a failed
 * choice), vLLM's (`object: error`) and Ollama's (`error` as text).
 */
export function tellsOfError(message: Readonly<Fields>): boolean {
  const { error, type, object, response, choices, status } = message;
  if (isError(error) || type === 'error' || object === 'error' || type === 'response.failed') return true;
  if (object === 'response' && status === 'failed') return true;
  const about = objectOf(response);
  if (about && (isError(about.error) || about.status === 'failed')) return true;
  return Array.isArray(choices) && choices.some((choice) => isFailed(objectOf(choice) ?? {}));
}

/** OpenRouter's way to say that the model behind a choice broke down. */
export function isFailed({ finish_reason, error }: Readonly<Fields>): boolean {
  return finish_reason === 'error' || isError(error);
}

/** Text, an object, a number; null, false and nothing say that there is none. */
function isError(error: unknown): boolean {
  return error !== null && error !== undefined && error !== false && error !== '';
}
