import { keepableStream } from './keepable-stream.ts';
import { isFailed, tellsOfError } from './error.ts';
import { textOf } from './events.ts';
import type { Family } from './family.ts';
import { formOf } from './family.ts';
import { objectOf } from './json.ts';
import type { Fields } from './json.ts';

/**
 * Whether an answer with status 200 is complete, final and no error, so that it may be cached.
 * @param body - as the upstream sent it, to its end, without a content coding
 * @param isFramed - its end is known by its length or its last chunk, and not by the end of the connection alone
 */
export function keepable(family: Family, contentType: string, body: Uint8Array, isFramed = true): boolean {
  const form = formOf(contentType);
  if (form === 'stream') return keepableStream(family, body);
  if (form === 'json') return keepableJson(family, body);
  if (form === 'lines') return keepableLines(textOf(body));
  // Sound, text of a transcription. A page is what stands before an upstream: a log-in, a proxy's error.
  return family === 'other' && isFramed && body.length > 0 && !/\bhtml\b/i.test(contentType);
}

function keepableJson(family: Family, body: Uint8Array): boolean {
  const answer = parsedObject(textOf(body));
  if (!answer || tellsOfError(answer)) return false;
  if (family === 'chat' || family === 'completions') return areFinished(answer.choices);
  if (family === 'responses') return answer.status === 'completed' || answer.status === 'incomplete';
  if (family === 'embeddings') return Array.isArray(answer.data) && answer.data.length > 0;
  return isFinal(answer);
}

function areFinished(choices: unknown): boolean {
  return Array.isArray(choices) && choices.length > 0 && choices.every((one) => isFinished(objectOf(one)));
}

/** An upstream that has no reasons says none at all, and its JSON is whole; null says that there is more to come. */
function isFinished(choice: Fields | undefined): boolean {
  return choice !== undefined && choice.finish_reason !== null && !isFailed(choice);
}

/** What a job, a file or a response says when nothing will change any more. */
const finalStates: ReadonlySet<string> = new Set([
  'completed',
  'complete',
  'incomplete',
  'succeeded',
  'success',
  'done',
  'finished',
  'processed',
  'ready',
  'ok',
]);

/**
 * False for an object that will say something else when it is asked for again: a job, a response in the background, a
 * file that is being read, a list of such. A state that is not known may be one of those.
 */
function isFinal(answer: Fields): boolean {
  const { status, state, done, data } = answer;
  for (const word of [status, state])
    if (typeof word === 'string' && !finalStates.has(word.toLowerCase())) return false;
  if (done === false) return false;
  return !Array.isArray(data) || data.every((item) => isFinal(objectOf(item) ?? {}));
}

/** JSON lines, as Ollama streams: the last one says `"done": true`. */
function keepableLines(text: string): boolean {
  let last: Fields | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const message = parsedObject(line);
    if (!message || tellsOfError(message)) return false;
    last = message;
  }
  return last?.done === true;
}

function parsedObject(json: string): Fields | undefined {
  try {
    return objectOf(JSON.parse(json));
  } catch {
    return undefined;
  }
}
