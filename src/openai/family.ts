import { withoutQuery } from './path.ts';

/** What an answer looks like, by its route. */
export type Family = 'chat' | 'completions' | 'responses' | 'embeddings' | 'other';

/** The family of a route's answers. @param path - with or without a query */
export function familyOf(path: string): Family {
  const plain = withoutQuery(path);
  if (plain.endsWith('/chat/completions')) return 'chat';
  if (plain.endsWith('/completions')) return 'completions';
  if (plain.endsWith('/responses')) return 'responses';
  return plain.endsWith('/embeddings') ? 'embeddings' : 'other';
}

/** What a request is for, by its route. */
export type Purpose = Family | 'audio';

/** What a request is for. @param path - with or without a query */
export function purposeOf(path: string): Purpose {
  return path.includes('/audio/') ? 'audio' : familyOf(path);
}

/** How an answer is written. */
export type Form = 'json' | 'stream' | 'lines' | 'other';

const lineTypes: ReadonlySet<string> = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
  'application/json-seq',
  'application/stream+json',
  'application/x-json-stream',
]);

/** The form that a `content-type` names; its parameters don't matter. */
export function formOf(contentType: string): Form {
  const end = contentType.indexOf(';');
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (type === 'text/event-stream') return 'stream';
  if (lineTypes.has(type)) return 'lines';
  return type === 'application/json' || type.endsWith('+json') ? 'json' : 'other';
}
