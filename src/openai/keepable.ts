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
  if (family !== 'other' || !isFramed || body.length === 0 || noMedia.test(contentType)) return false;
  // Some servers say of everything that it is text.
  const start = looksAt(body);
  if (startsJson.test(start)) return keepableJson(family, body) || keepableLines(textOf(body));
  return !startsStream.test(start) || keepableStream(family, body);
}

/** Pages, and streams in forms whose end is not known here: of these only an end that they say would do. */
const noMedia = /\bhtml\b|eventstream|grpc|multipart|replace/i;
const startsJson = /^\s*\{/;
const startsStream = /^\s*(?:data|event|id|retry)?:/;

/** The first characters. */
const looksAt = (body: Uint8Array): string => textOf(body.subarray(0, 64)).replace('\ufeff', '');

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
  'succeed',
  'success',
  'done',
  'finished',
  'ended',
  'processed',
  'ready',
  'active',
  'ok',
]);

/** `status`, `processing_status` of Anthropic's batches, `task_status` of Zhipu and DashScope, Google's `state`. */
const stateName = /(?:^|_)(?:status|state|phase)$|(?:Status|State|Phase)$/;
/** `JOB_STATE_SUCCEEDED` */
const statePrefix = /^.*state_/;
/** Members that say with `false` that more is to come. */
const doneNames: ReadonlySet<string> = new Set(['done', 'finished', 'completed', 'complete', 'is_finished']);
/** Members that hold the object that the response is about. */
const wrappers = ['data', 'output', 'result', 'response', 'task', 'job', 'batch', 'run', 'video'] as const;
/** Names of Google's long-running operations: they leave out `done` until it is true. */
const operationName = /^(?:.*\/)?(?:operations|batches)\//;

/**
 * False for an object that will say something else when it is asked for again: a job, a response in the background, a
 * file that is being read, a list of such. A state that is not known may be one of those.
 */
function isFinal(answer: Fields, levels = 2): boolean {
  for (const name in answer) {
    const value = answer[name];
    if (value === false && doneNames.has(name)) return false;
    if (typeof value === 'string' && stateName.test(name) && !isFinalState(value)) return false;
  }
  const { choices, type, name, done } = answer;
  if (Array.isArray(choices) && choices.length > 0 && !areFinished(choices)) return false;
  if (type === 'message' && answer.stop_reason === null) return false;
  if (typeof name === 'string' && operationName.test(name) && done !== true) return false;
  return levels === 0 || wrappers.every((wrapper) => areFinal(answer[wrapper], levels - 1));
}

const isFinalState = (value: string): boolean =>
  finalStates.has(value.toLowerCase().replace(statePrefix, ''));

function areFinal(value: unknown, levels: number): boolean {
  if (Array.isArray(value)) return value.every((item) => isFinal(objectOf(item) ?? {}, levels));
  const fields = objectOf(value);
  return fields === undefined || isFinal(fields, levels);
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
