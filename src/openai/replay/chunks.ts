import { objectOf, without } from '../json.ts';
import type { Fields } from '../json.ts';

const ownMembers = [
  'id',
  'object',
  'created',
  'model',
  'service_tier',
  'system_fingerprint',
  'choices',
  'usage',
];

/** Writes the events of one answer, each with what all of them share. */
export class Chunks {
  private text = '';
  private readonly head: string;
  private readonly tail: string;
  /** What only the first event says: prompt filters, citations. */
  private once: string;

  constructor(
    private readonly answer: Fields,
    object: string,
    private readonly includeUsage: boolean,
  ) {
    const { id, created, model, service_tier, system_fingerprint } = answer;
    const others = Object.entries(without(answer, ownMembers));
    const shared = Object.fromEntries(others.filter(isSmall));
    const head = { id, object, created, model, service_tier, system_fingerprint, ...shared };
    this.head = `data: ${JSON.stringify(head).slice(0, -1)},`;
    this.once = others
      .filter((member) => !isSmall(member))
      .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`)
      .join('');
    this.tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  /** @param choice - as JSON */
  add(choice: string): void {
    this.text += `${this.head}${this.once}"choices":[${choice}${this.tail}`;
    this.once = '';
  }

  /** The stream; undefined when usage is asked for, and the answer has none. */
  finish(): string | undefined {
    if (!this.includeUsage) return `${this.text}data: [DONE]\n\n`;
    const usage = objectOf(this.answer.usage);
    if (!usage) return undefined;
    const last = `${this.head}"choices":[],"usage":${JSON.stringify(usage)}}\n\n`;
    return `${this.text}${last}data: [DONE]\n\n`;
  }
}

function isSmall([, value]: [string, unknown]): boolean {
  return typeof value !== 'object' || value === null;
}

/** The choices of a plain answer, each with its index; undefined when they are none. */
export function choicesOf(answer: Fields): { index: number; choice: Fields }[] | undefined {
  if (!Array.isArray(answer.choices) || answer.choices.length === 0) return undefined;
  const choices: { index: number; choice: Fields }[] = [];
  for (const [place, one] of (answer.choices as unknown[]).entries()) {
    const choice = objectOf(one);
    if (!choice) return undefined;
    choices.push({ index: typeof choice.index === 'number' ? choice.index : place, choice });
  }
  // A client would take two with one index for one.
  return new Set(choices.map(({ index }) => index)).size === choices.length ? choices : undefined;
}

/** The end of a choice that is not its last event: members an upstream writes as null each time. */
export function unfinished(choice: Fields): string {
  return 'finish_reason' in choice ? ',"finish_reason":null' : '';
}
