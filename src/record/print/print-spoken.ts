import { memberOf } from '../chatlog/literal-value.ts';
import type { LogKind } from '../chatlog/names.ts';
import { answerOf } from './print-question.ts';

/** What a plain answer says, first choice first. */
export function spoken(kind: LogKind, answer: unknown): string {
  const choices = memberOf(answer, kind === 'response' ? 'output' : 'choices');
  if (!Array.isArray(choices)) return '';
  return choices
    .map((choice) => spokenChoice(choice))
    .filter((text) => text !== '')
    .join('\n');
}

function spokenChoice(choice: unknown): string {
  const message = memberOf(choice, 'message') ?? choice;
  const content = memberOf(message, 'content') ?? memberOf(message, 'text') ?? memberOf(message, 'refusal');
  const parts = Array.isArray(content)
    ? content.map(
        (part) => memberOf(part, 'text') ?? memberOf(part, 'refusal') ?? memberOf(part, 'transcript'),
      )
    : [content];
  const said = parts.filter((part) => typeof part === 'string').join('');
  const calls =
    memberOf(message, 'tool_calls') ?? (memberOf(message, 'arguments') === undefined ? undefined : [message]);
  return [said, answerOf({ assistant: calls })].filter((text) => text !== '').join('\n');
}
