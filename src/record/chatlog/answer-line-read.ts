import { formOf } from '../../openai/family.ts';
import type { RecordedAnswer } from '../happening.ts';
import type { Answer } from './answer-line.ts';
import { assembleStream } from './answer-line-stream.ts';
import { readJson } from './literal-json.ts';
import { memberOf } from './literal-value.ts';
import type { LogKind } from './names.ts';
import { shownText, textOf } from './request-line-body.ts';

const nothing: Answer = { plain: undefined, error: undefined, text: undefined };

/** What a plain answer has where it is one. */
const substance: Readonly<Record<LogKind, string>> = {
  chat: 'choices',
  completion: 'choices',
  embedding: 'data',
  response: 'output',
  whisper: 'text',
};

/** Reads an answer, whole or as far as it came. Never throws. @param body - decoded */
export function readAnswer(kind: LogKind, { contentType }: RecordedAnswer, body: Uint8Array): Answer {
  const form = formOf(contentType);
  if (kind === 'whisper' && form === 'other') return transcript(contentType, body);
  const text = textOf(body);
  try {
    if (form === 'stream') return orText(assembleStream(kind, text), text);
    return orText(plainAnswer(kind, readJson(text)), text);
  } catch {
    return { ...nothing, text: shownText(text) };
  }
}

function plainAnswer(kind: LogKind, answer: unknown): Answer {
  const error = memberOf(answer, 'error') ?? undefined;
  const said = memberOf(answer, substance[kind]);
  const isSaid = Array.isArray(said) ? kind === 'response' || said.length > 0 : typeof said === 'string';
  return { plain: isSaid ? answer : undefined, error, text: undefined };
}

function orText(answer: Answer, text: string): Answer {
  const isKnown = answer.plain !== undefined || answer.error !== undefined || text === '';
  return isKnown ? answer : { ...answer, text: shownText(text) };
}

/** Captions and plain text are texts; speech is not. */
function transcript(contentType: string, body: Uint8Array): Answer {
  const isText = /^(?:text\/|application\/x-subrip)/i.test(contentType.trim());
  if (isText) return { ...nothing, plain: { text: textOf(body) } };
  return { ...nothing, plain: { content_type: contentType, bytes: body.length } };
}
