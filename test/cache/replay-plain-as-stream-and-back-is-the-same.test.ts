import { describe, expect, test } from 'bun:test';
import type { Family } from '../../src/openai/family.ts';
import { keepable } from '../../src/openai/keepable.ts';
import { replayOf } from '../../src/openai/replay/replay.ts';
import { chatAnswers, completionsAnswers, otherChatAnswers, responsesAnswers } from './replay-answers.ts';

const all: [Family, Record<string, Record<string, unknown>>][] = [
  ['chat', { ...chatAnswers, ...otherChatAnswers }],
  ['completions', completionsAnswers],
  ['responses', responsesAnswers],
];

for (const [family, answers] of all) {
  describe(family, () => {
    for (const [name, answer] of Object.entries(answers)) {
      test(name, () => {
        const json = JSON.stringify(answer);
        const kept = { contentType: 'application/json', body: Buffer.from(json) };
        expect(keepable(family, kept.contentType, kept.body)).toBe(true);
        const stream = replayOf(family, kept, { stream: true, includeUsage: true })!;
        expect(stream.contentType).toStartWith('text/event-stream');
        // A stream says that it is over.
        const isOver = name !== 'no finish reason';
        expect(keepable(family, stream.contentType, stream.body)).toBe(isOver);
        const plain = replayOf(family, stream, { stream: false, includeUsage: false })!;
        expect(JSON.parse(Buffer.from(plain.body).toString())).toEqual(JSON.parse(json));
        // And so does what each line end makes of it.
        for (const end of ['\r\n', '\r']) {
          const text = Buffer.from(stream.body).toString().replaceAll('\n', end);
          const body = Buffer.from(`\ufeff: hello${end}${end}${text}`);
          const again = replayOf(family, { ...stream, body }, { stream: false, includeUsage: false });
          expect(Buffer.from(again!.body)).toEqual(Buffer.from(plain.body));
          expect(keepable(family, stream.contentType, body)).toBe(isOver);
        }
      });
    }
  });
}
