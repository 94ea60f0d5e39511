import { expect, test } from 'bun:test';
import { replayOf } from '../../src/openai/replay/replay.ts';

const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: string) => ({
  ...(index !== undefined && { index }),
  ...(id !== undefined && { id, type: 'function' }),
  function: { ...(name !== undefined && { name }), arguments: args },
});
const whole = (id: string, name: string, args: string) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const both = [whole('a', 'weather', '{"c":1}'), whole('b', 'time', '{"z":2}')];

/** The message that a stream of these deltas comes to. */
function messageOf(deltas: readonly object[], finish = 'tool_calls'): Record<string, unknown> | undefined {
  const events = [
    ...deltas.map((delta) => ({ delta, finish_reason: null })),
    { delta: {}, finish_reason: finish },
  ];
  const text = events
    .map(
      (choice) => `data: ${JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`,
    )
    .join('');
  const kept = { contentType: 'text/event-stream', body: Buffer.from(`${text}data: [DONE]\n\n`) };
  const plain = replayOf('chat', kept, { stream: false, includeUsage: false });
  if (!plain) return undefined;
  const answer = JSON.parse(Buffer.from(plain.body).toString()) as {
    choices: { message: Record<string, unknown> }[];
  };
  return answer.choices[0]!.message;
}
const callsOf = (...deltas: object[][]) =>
  messageOf(deltas.map((tool_calls) => ({ tool_calls })))?.['tool_calls'];

test.each([
  ['events of their own', [[call(0, 'a', 'weather', '{"c":1}')], [call(0, 'b', 'time', '{"z":2}')]]],
  ['one event', [[call(0, 'a', 'weather', '{"c":1}'), call(0, 'b', 'time', '{"z":2}')]]],
  [
    'pieces',
    [
      [call(0, 'a', 'weather', '')],
      [call(0, undefined, undefined, '{"c":1}')],
      [call(0, 'b', 'time', '')],
      [call(0, undefined, undefined, '{"z":2}')],
    ],
  ],
  [
    'pieces that repeat the id',
    [
      [call(0, 'a', 'weather', '')],
      [call(0, 'a', undefined, '{"c":1}')],
      [call(1, 'b', 'time', '')],
      [call(1, 'b', undefined, '{"z":2}')],
    ],
  ],
  ['no index', [[call(undefined, 'a', 'weather', '{"c":1}')], [call(undefined, 'b', 'time', '{"z":2}')]]],
  [
    'interleaved pieces',
    [
      [call(0, 'a', 'weather', ''), call(1, 'b', 'time', '')],
      [call(1, undefined, undefined, '{"z"')],
      [call(0, undefined, undefined, '{"c":1}')],
      [call(1, undefined, undefined, ':2}')],
    ],
  ],
  [
    'a new id with each piece',
    [
      [call(0, 'a', 'weather', '')],
      [call(0, 'other', undefined, '{"c":1}')],
      [call(1, 'b', 'time', '{"z":2}')],
    ],
  ],
])('two calls in %s stay two calls', (what, deltas) => {
  const got = callsOf(...deltas) as { id: string }[];
  // The server that makes up ids has no other for its first call than the last one it said.
  if (what === 'a new id with each piece') expect(got.map(({ id }) => id)).toEqual(['other', 'b']);
  else expect(got).toEqual(both);
});

test.each([
  ['pieces', ['wea', 'ther'], 'weather'],
  ['the same each time', ['weather', 'weather'], 'weather'],
  ['longer each time', ['wea', 'weather'], 'weather'],
  ['empty afterwards', ['weather', ''], 'weather'],
])('a name that comes in %s is whole', (_what, [first, second], name) => {
  expect(callsOf([call(0, 'a', first, '')], [call(0, undefined, second, '{}')])).toEqual([
    whole('a', name, '{}'),
  ]);
});

const block = (thinking: string, signature: string) => ({
  thinking_blocks: [{ type: 'thinking', thinking, signature }],
});
const cited = (url: string) => ({ annotations: [{ type: 'url_citation', url }] });

test('blocks of thinking are joined, and a signature ends one', () => {
  const message = messageOf(
    [
      block('Let me ', ''),
      block('see', ''),
      block('', 'sig1'),
      block('Again', ''),
      block('', 'sig2'),
      { content: 'ok' },
    ],
    'stop',
  );
  expect(message).toMatchObject({
    content: 'ok',
    thinking_blocks: [
      { type: 'thinking', thinking: 'Let me see', signature: 'sig1' },
      { type: 'thinking', thinking: 'Again', signature: 'sig2' },
    ],
  });
});

test('a list of things that are no blocks keeps each of them', () => {
  expect(messageOf([cited('a'), cited('b'), { content: 'x' }], 'stop')?.['annotations']).toHaveLength(2);
});

test('an unknown member that may be one text or its pieces is not guessed', () => {
  expect(messageOf([{ content: 'a', mood: 'calm' }, { content: 'b' }], 'stop')).toMatchObject({
    mood: 'calm',
  });
  expect(
    messageOf(
      [
        { content: 'a', mood: 'calm' },
        { content: 'b', mood: 'calm' },
      ],
      'stop',
    ),
  ).toBeUndefined();
});

const plain = (more: string): string =>
  `{"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]${more}}`;

test.each([
  ['a large integer', ',"seed":12345678901234567890', false],
  ['the largest exact length', ',"created":123456789012345', true],
  ['an exponent', ',"x":1e400', false],
  ['digits in a text', ',"x":"12345678901234567890 \\" 12345678901234567890"', true],
  ['digits behind a point', ',"x":0.12345678901234567', true],
  ['a large integer behind a text', ',"x":"a\\\\","y":[12345678901234567890]', false],
])('an answer with %s changes its form only where its numbers stay exact', (_what, more, isMade) => {
  const kept = { contentType: 'application/json', body: Buffer.from(plain(more)) };
  expect(replayOf('chat', kept, { stream: true, includeUsage: false }) !== undefined).toBe(isMade);
  const stream = `data: {"id":"x","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]${more}}\n\ndata: [DONE]\n\n`;
  const events = { contentType: 'text/event-stream', body: Buffer.from(stream) };
  expect(replayOf('chat', events, { stream: false, includeUsage: false }) !== undefined).toBe(isMade);
});
