import { answerOf } from '../../src/gateway/cache/answers.ts';
import { replayOf } from '../../src/openai/replay/replay.ts';
import { plainAnswer, streamedAnswer } from './samples.ts';
import type { Stage } from './stage.ts';

const json = { contentType: 'application/json', body: Buffer.from(plainAnswer) };
const events = (pieces: number) => ({
  contentType: 'text/event-stream',
  body: Buffer.from(streamedAnswer(pieces).join('')),
});

/** A kept answer in the form that was asked for. */
export function replay(): Stage {
  const asked = { stream: true, includeUsage: true };
  const stream = events(50);
  const about = { target: '', route: '', model: '', user: '', storedAt: 0, expiresAt: 0, keptUntil: 0 };
  const entry = {
    about,
    request: Buffer.alloc(0),
    headers: [['content-type', json.contentType]] as const,
    body: json.body,
  };
  const question = { ...asked, stream: false, key: '', route: '', user: '', canonical: '', model: '' };
  return {
    cases: [
      { name: 'plain as it is, the whole answer', run: () => answerOf(entry, 'chat', question) },
      { name: 'a stream from plain', run: () => replayOf('chat', json, asked) },
      {
        name: 'plain from a stream of 54 events',
        run: () => replayOf('chat', stream, { ...asked, stream: false }),
      },
      { name: 'a stream, as it came', run: () => replayOf('chat', stream, asked) },
      {
        name: 'a stream, its usage left out',
        run: () => replayOf('chat', stream, { ...asked, includeUsage: false }),
      },
    ],
  };
}
