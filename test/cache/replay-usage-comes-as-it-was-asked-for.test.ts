import { expect, test } from 'bun:test';
import { replayOf } from '../../src/openai/replay/replay.ts';

const contentType = 'text/event-stream';

function replayed(text: string, includeUsage: boolean): string | undefined {
  const body = Buffer.from(text, 'latin1');
  const kept = { contentType, body };
  const replay = replayOf('chat', kept, { stream: true, includeUsage });
  if (replay && Buffer.from(replay.body).equals(body)) expect(replay).toBe(kept);
  return replay && Buffer.from(replay.body).toString('latin1');
}

const asStream = (kept: object, includeUsage: boolean): string | undefined => {
  const body = Buffer.from(JSON.stringify(kept));
  const replay = replayOf('chat', { contentType: 'application/json', body }, { stream: true, includeUsage });
  return replay && Buffer.from(replay.body).toString();
};

const done = 'data: [DONE]\n\n';
const last = 'data: {"choices":[],"usage":{"total_tokens":1}}\n\n';

test('the event of its own goes, and each null; all else stays byte for byte', () => {
  const cuts: [before: string, after: string][] = [
    [
      'data: {"choices":[{"delta":{"content":"\xff\xe9 \\"usage\\":null"}}],"usage":null}\n\n',
      'data: {"choices":[{"delta":{"content":"\xff\xe9 \\"usage\\":null"}}]}\n\n',
    ],
    ['data: {"usage": null, "id":1.0}\r\n\r\n', 'data: {"id":1.0}\r\n\r\n'],
    [
      'id: 3\ndata:{ "a" : [1,{"usage":7}] , "usage" : null , "obfuscation":"x"}\n\n',
      'id: 3\ndata:{ "a" : [1,{"usage":7}]  , "obfuscation":"x"}\n\n',
    ],
    ['data: {"usage":null}\n\n', 'data: {}\n\n'],
    ['data: {"x":"usage","usage":null}\n\n', 'data: {"x":"usage"}\n\n'],
    ['data: {"choices":[{"index":0}],"usage":{"total_tokens":1}}\n\n', 'data: {"choices":[{"index":0}]}\n\n'],
    [
      'data: {"choices":[],"prompt_filter_results":[],"usage":null}\n\n',
      'data: {"choices":[],"prompt_filter_results":[]}\n\n',
    ],
    [': "usage" comment\n\n', ': "usage" comment\n\n'],
    [last, ''],
    [done, done],
  ];
  const before = cuts.map(([text]) => text).join('');
  expect(replayed(before, false)).toBe(cuts.map(([, text]) => text).join(''));
  expect(replayed(before, true)).toBe(before);
});

test('usage that comes with choices only is sent to whoever asks', () => {
  const always = `data: {"choices":[{"index":0}],"usage":{"total_tokens":1}}\n\n${done}`;
  expect(replayed(always, false)).toBe(always);
  expect(replayed(always, true)).toBe(always);
});

test('usage that is not there can not be given', () => {
  for (const text of [
    `data: {"choices":[{}]}\n\n${done}`,
    `data: {"choices":[{}],"usage":null}\n\n${done}`,
  ]) {
    expect(replayed(text, true)).toBeUndefined();
    expect(replayed(text, false)).toBe(text);
  }
});

test('a plain answer as a stream has usage only when asked for', () => {
  const answer = {
    id: 'a',
    choices: [{ index: 0, message: { content: 'a b' } }],
    usage: { total_tokens: 1 },
  };
  expect(asStream(answer, false)).not.toContain('usage');
  const events = asStream(answer, true)!.trimEnd().split('\n\n');
  expect(events.at(-2)).toContain('"choices":[],"usage":{"total_tokens":1}');
  for (const event of events.slice(0, -2)) expect(event).toEndWith('"usage":null}');
  expect(asStream({ ...answer, usage: undefined }, true)).toBeUndefined();
});
