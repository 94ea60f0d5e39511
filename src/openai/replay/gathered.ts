import { tellsOfError } from '../error.ts';
import { emptyFields, objectOf, setMember, setSame } from '../json.ts';
import type { Fields } from '../json.ts';

/** A choice that is put together. */
export interface Gathering {
  add(chunk: Fields): void;
  finish(): Fields;
}

/** How a stream is put together. */
export interface Joining {
  /** For a log, what came is shown as well as it can be; for a replay, what may mean two things throws. */
  readonly isStrict: boolean;
  /** Reads one event's JSON. */
  readonly parse: (json: string) => unknown;
}

export const loosely: Joining = { isStrict: false, parse: JSON.parse };

/** Members of the whole of which the last word counts. */
const ownMembers: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'system_fingerprint',
  'service_tier',
  'usage',
]);

/** Choices of one answer, at most: a damaged index must not make a hundred thousand. */
const MOST_CHOICES = 10_000;

/**
 * Puts an answer together from its chunks: of what they say of the whole, the last word counts.
 * @param begin - makes an empty choice
 * @param isStrict - a member that may come in pieces throws
 * @returns undefined when there is no choice, or an error
 * @throws for what can't be joined
 */
export function gathered(
  messages: Iterable<unknown>,
  object: string,
  begin: () => Gathering,
  isStrict: boolean,
): Fields | undefined {
  const answer = emptyFields();
  const choices = new Map<number, Gathering>();
  for (const message of messages) {
    const chunk = objectOf(message);
    if (!chunk || tellsOfError(chunk)) return undefined;
    for (const name in chunk) {
      if (name === 'choices') addChoices(choices, chunk.choices, begin);
      else if (isOfWhole(name, chunk[name], answer))
        (isStrict && !ownMembers.has(name) ? setSame : setMember)(answer, name, chunk[name]);
    }
    answer.object = object;
    // Its place is before the usage.
    answer.choices ??= [];
  }
  if (choices.size === 0) return undefined;
  answer.choices = [...choices].toSorted(([a], [b]) => a - b).map(([, choice]) => choice.finish());
  return answer;
}

function addChoices(choices: Map<number, Gathering>, value: unknown, begin: () => Gathering): void {
  if (!Array.isArray(value)) return;
  for (const one of value as unknown[]) {
    const chunk = objectOf(one);
    if (!chunk) throw new TypeError('a choice is no object');
    const index = typeof chunk.index === 'number' ? chunk.index : 0;
    let choice = choices.get(index);
    if (!choice) {
      if (choices.size >= MOST_CHOICES) throw new RangeError('too many choices');
      choices.set(index, (choice = begin()));
    }
    choice.add(chunk);
  }
}

/** Not what pads a chunk, or says "none so far"; Azure's events of filters alone are of the year 1970. */
function isOfWhole(name: string, value: unknown, answer: Fields): boolean {
  if (name === 'obfuscation') return false;
  if (name === 'usage') return value !== null;
  return name !== 'created' || value !== 0 || !('created' in answer);
}
