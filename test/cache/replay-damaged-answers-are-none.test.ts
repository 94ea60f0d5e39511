import { expect, test } from 'bun:test';
import type { Family } from '../../src/openai/family.ts';
import { replayOf } from '../../src/openai/replay/replay.ts';
import { keepable } from '../../src/openai/keepable.ts';
import { Dice } from '../support/random.ts';
import { chatAnswers, completionsAnswers, responsesAnswers } from './replay-answers.ts';

const forms = [true, false].flatMap((stream) =>
  [true, false].map((includeUsage) => ({ stream, includeUsage })),
);

const some = (member: (index: number) => string): Buffer => {
  const event = (_: unknown, index: number): string => `data: {"choices":[{"delta":{${member(index)}}}]}\n\n`;
  return Buffer.from(Array.from({ length: 20_000 }, event).join(''));
};

test('nothing that is kept makes it throw', () => {
  const dice = new Dice(7);
  const sources: [Family, object][] = [
    ['chat', chatAnswers['parallel tools']!],
    ['chat', chatAnswers['logprobs']!],
    ['completions', completionsAnswers['logprobs']!],
    ['responses', responsesAnswers['reasoning and tools']!],
    ['responses', responsesAnswers['annotations']!],
  ];
  const values = ['null', '7', '"x"', '[]', '{}', '[null]', '[7]', '-1', '{"a":[{}]}'];
  for (let round = 0; round < 3000; round++) {
    const [family, answer] = dice.pick(sources);
    const plain = { contentType: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
    const stream = replayOf(family, plain, { stream: true, includeUsage: true })!;
    const { contentType, body } = dice.chance(0.5) ? plain : stream;
    let text = Buffer.from(body).toString();
    // A value becomes another, or bytes go.
    const names = [...text.matchAll(/":("[^"]*"|\[|\{|null|\d+)/g)];
    const at = dice.pick(names);
    const kind = dice.int(0, 2);
    if (kind === 0 && !/[[{]$/.test(at[1]!))
      text = text.slice(0, at.index + 2) + dice.pick(values) + text.slice(at.index + 2 + at[1]!.length);
    else if (kind === 1) text = text.slice(0, dice.int(0, text.length));
    else text = text.slice(0, at.index) + text.slice(at.index + dice.int(1, 30));
    const damaged = { contentType, body: Buffer.from(text) };
    keepable(family, contentType, damaged.body);
    for (const form of forms) replayOf(dice.pick([family, 'chat', 'responses']), damaged, form);
  }
});

test('what has one form is not given in the other', () => {
  const json = { contentType: 'application/json', body: Buffer.from('{"data":[]}') };
  const sse = { contentType: 'text/event-stream', body: Buffer.from('data: {}\n\n') };
  const sound = { contentType: 'audio/mpeg', body: Buffer.from('x') };
  for (const family of ['embeddings', 'other'] as const)
    for (const includeUsage of [true, false]) {
      expect(replayOf(family, json, { stream: false, includeUsage })).toBe(json);
      expect(replayOf(family, json, { stream: true, includeUsage })).toBeUndefined();
      expect(replayOf(family, sse, { stream: true, includeUsage })).toBe(sse);
      expect(replayOf(family, sse, { stream: false, includeUsage })).toBeUndefined();
      expect(replayOf(family, sound, { stream: true, includeUsage })).toBeUndefined();
    }
});

test('many calls and many items cost no more than their number', () => {
  const before = process.cpuUsage().user;
  for (const body of [
    some((index) => `"tool_calls":[{"id":"call_${index}"}]`),
    some((index) => `"details":[{"index":${index}}]`),
  ]) {
    const kept = { contentType: 'text/event-stream', body };
    expect(replayOf('chat', kept, { stream: false, includeUsage: false })!.body.length).toBeGreaterThan(
      250_000,
    );
  }
  // Their square is five seconds.
  expect(process.cpuUsage().user - before).toBeLessThan(1.5e6);
});
