import { Chunks, choicesOf, unfinished } from './chunks.ts';
import { messagesIn } from '../events.ts';
import { gathered, type Joining, loosely } from './gathered.ts';
import { addItems, addText, emptyFields, objectOf, setMember, setSame, without } from '../json.ts';
import type { Fields } from '../json.ts';
import { piecesOf, tokenPieces } from './pieces.ts';

const OBJECT = 'text_completion';

/** A (legacy) completion put together from its stream. @throws for what can't be joined */
export function completionsPlain(text: string, { isStrict, parse }: Joining = loosely): Fields | undefined {
  return gathered(messagesIn(text, parse), OBJECT, () => new Choice(isStrict), isStrict);
}

class Choice {
  private readonly fields: Fields = Object.assign(emptyFields(), { text: '', index: 0 });

  constructor(private readonly isStrict: boolean) {}

  add(chunk: Fields): void {
    const { fields } = this;
    for (const name in chunk) {
      const value = chunk[name];
      if (name === 'text') addText(fields, name, value);
      else if (name === 'index') setMember(fields, name, value);
      else if (name === 'logprobs' && objectOf(value)) this.addLogprobs(value as Fields);
      else if (Array.isArray(value) && (!this.isStrict || name === 'token_ids'))
        addItems(fields, name, value);
      else (this.isStrict ? setSame : setMember)(fields, name, value);
    }
  }

  finish(): Fields {
    return this.fields;
  }

  private addLogprobs(logprobs: Fields): void {
    const { fields } = this;
    const whole = (objectOf(fields.logprobs) ?? (fields.logprobs = emptyFields())) as Fields;
    for (const name in logprobs) addItems(whole, name, logprobs[name]);
  }
}

/** A plain completion as the events in which it would have been sent; undefined when it can't be. */
export function completionsEvents(answer: Fields, includeUsage: boolean): string | undefined {
  const choices = choicesOf(answer);
  if (!choices) return undefined;
  const chunks = new Chunks(answer, OBJECT, includeUsage);
  for (const { index, choice } of choices) {
    const { text } = choice;
    if (typeof text !== 'string') return undefined;
    for (const piece of withLogprobs(text, objectOf(choice.logprobs))) {
      const known = 'logprobs' in choice ? `,"logprobs":${JSON.stringify(piece.logprobs ?? null)}` : '';
      const start = `{"text":${JSON.stringify(piece.text)},"index":${index}`;
      chunks.add(`${start}${known}${unfinished(choice)}}`);
    }
    const last = 'logprobs' in choice ? { logprobs: null } : {};
    chunks.add(
      JSON.stringify({ text: '', index, ...last, ...without(choice, ['text', 'index', 'logprobs']) }),
    );
  }
  return chunks.finish();
}

interface Piece {
  readonly text: string;
  readonly logprobs?: Fields;
}

function withLogprobs(text: string, logprobs: Fields | undefined): Piece[] {
  if (!logprobs) return text === '' ? [] : piecesOf(text).map((piece) => ({ text: piece }));
  const tokens = Array.isArray(logprobs.tokens) ? (logprobs.tokens as unknown[]) : [];
  const pieces = tokenPieces(text, tokens);
  const isParallel = Object.values(logprobs).every(
    (value) => !Array.isArray(value) || value.length === tokens.length,
  );
  if (pieces && isParallel)
    return pieces.map(({ text: part, start, end }) => ({ text: part, logprobs: cut(logprobs, start, end) }));
  // Tokens that are not the text one by one come with its first piece.
  const [first, ...rest] = piecesOf(text);
  return [{ text: first!, logprobs }, ...rest.map((piece) => ({ text: piece }))];
}

function cut(logprobs: Fields, start: number, end: number): Fields {
  const entries = Object.entries(logprobs);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.slice(start, end) : value]),
  );
}
