/** Words of the API's paths; any other segment may be an id, of which there is no end. */
const words: ReadonlySet<string> = new Set(
  (
    'v1 v1beta chat completions responses embeddings models audio speech transcriptions translations images ' +
    'generations edits variations files content uploads parts complete cancel batches moderations fine_tuning jobs ' +
    'assistants threads runs messages vector_stores file_batches realtime sessions evals containers rerank score ' +
    'tokenize detokenize classify engines deployments openai healthz readyz metrics'
  ).split(' '),
);

/** So much of a path says what it is. */
const MOST_SEGMENTS = 5;

/**
 * A path as a label: the target's prefix and the words of the API, up to the first segment that is none. Few values,
 * whatever is asked for.
 * @param path - without the query
 * @param prefix - the target's; empty where there is none
 */
export function routeLabel(path: string, prefix: string): string {
  const own = prefix === '/' ? '' : prefix;
  let label = '';
  let segments = 0;
  for (const segment of path.slice(own.length).split('/')) {
    if (segment === '') continue;
    if (!words.has(segment) || ++segments > MOST_SEGMENTS) break;
    label += `/${segment}`;
  }
  return label === '' ? `${own}/other` : own + label;
}
