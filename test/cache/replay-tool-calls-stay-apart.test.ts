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
    'pieces in any order that repeat the id',
    [
      [call(0, 'a', 'weather', '')],
      [call(0, 'b', 'time', '')],
      [call(0, 'b', undefined, '{"z":2}')],
      [call(0, 'a', undefined, '{"c":1}')],
    ],
  ],
  [
    'an index that is text',
    [[call('0' as never, 'a', 'weather', '{"c":1}')], [call('1' as never, 'b', 'time', '{"z":2}')]],
  ],
])('two calls in %s stay two calls', (_what, deltas) => {
  expect(callsOf(...deltas)).toEqual(both);
});

test.each([
  ['a new id with each piece', [[call(0, 'a', 'weather', '')], [call(0, 'other', undefined, '{"c":1}')]]],
  [
    'the id of a second call without its name',
    [[call(0, 'a', 'weather', '{}')], [call(0, 'b', undefined, '')], [call(0, undefined, 'time', '{}')]],
  ],
  [
    'no ids, one index, two names',
    [[call(0, undefined, 'weather', '{"c"')], [call(0, undefined, 'time', '{"z":2}')]],
  ],
  [
    'a call that is said again as a whole',
    [[call(0, 'a', 'weather', '{"c":1}')], [call(0, 'a', 'weather', '{"c":1}')]],
  ],
  [
    'the same name with another id before any arguments',
    [[call(0, 'a', 'weather', '')], [call(0, 'b', 'weather', '{"c":1}')]],
  ],
  ['another id within the arguments', [[call(0, 'a', 'weather', '{"c"')], [call(0, 'b', 'time', ':1}')]]],
  ['arguments that are cut', [[call(0, 'a', 'weather', '{"c":')]]],
])('%s: nothing is made of it, since it may mean two things', (_what, deltas) => {
  expect(callsOf(...deltas)).toBeUndefined();
});

test('arguments that are cut are kept where the model was stopped', () => {
  const deltas = [{ tool_calls: [call(0, 'a', 'weather', '{"c":')] }];
  expect(messageOf(deltas, 'length')?.['tool_calls']).toEqual([whole('a', 'weather', '{"c":')]);
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
const hidden = (data: string) => ({ thinking_blocks: [{ type: 'redacted_thinking', data }] });
const sealed = (data: string) => ({ reasoning_details: [{ type: 'reasoning.encrypted', data }] });
const legacy = (name: string, args: string) => ({ function_call: { name, arguments: args } });
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
  '"seed":12345678901234567890',
  '"x":1e400,"y":-0,"z":1.0',
  '"x":-1.1920928955078125e-07',
  '"x":[{"y":9007199254740993}],"z":"12345678901234567890 \\" 1.0"',
  '"x":0.12345678901234567890123',
])('numbers are written as they came where the form changes: %s', (more) => {
  const kept = { contentType: 'application/json', body: Buffer.from(plain(`,${more}`)) };
  const stream = replayOf('chat', kept, { stream: true, includeUsage: false })!;
  for (const member of more.split(/,(?=")/)) expect(Buffer.from(stream.body).toString()).toContain(member);
  const back = replayOf('chat', stream, { stream: false, includeUsage: false })!;
  for (const member of more.split(/,(?=")/)) expect(Buffer.from(back.body).toString()).toContain(member);
});

const chunkWith = (more: string, delta = '{"content":"a"}', finish = 'null'): string =>
  `data: {"id":"x",${more}"choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}\n\n`;

test.each([
  ['text of the whole that differs', chunkWith('"mood":"a",') + chunkWith('"mood":"b",')],
  ['a list of the whole that differs', chunkWith('"seen":[1],') + chunkWith('"seen":[2],')],
  ['two reasons', chunkWith('', '{}', '"length"') + chunkWith('', '{}', '"tool_calls"')],
  ['an object in a delta that differs', chunkWith('', '{"x":{"a":1}}') + chunkWith('', '{"x":{"a":2}}')],
  ['a list in a delta twice', chunkWith('', '{"x":[1]}') + chunkWith('', '{"x":[1]}')],
  [
    'sound in padded pieces',
    chunkWith('', '{"audio":{"data":"QQ=="}}') + chunkWith('', '{"audio":{"data":"QQ=="}}'),
  ],
])('%s: nothing is made of it', (_what, events) => {
  const body = Buffer.from(`${events}${chunkWith('', '{}', '"stop"')}data: [DONE]\n\n`);
  expect(
    replayOf('chat', { contentType: 'text/event-stream', body }, { stream: false, includeUsage: false }),
  ).toBeUndefined();
});

test('what is said with each event, or with more each time, is said once', () => {
  const events =
    chunkWith('"provider":"P","citations":["a"],"x_groq":{"id":"r"},') +
    chunkWith('"provider":"P","citations":["a","b"],') +
    chunkWith('"x_groq":{"id":"r","usage":{"total_tokens":3}},', '{}', '"stop"');
  const body = Buffer.from(`${events}data: [DONE]\n\n`);
  const answer = replayOf(
    'chat',
    { contentType: 'text/event-stream', body },
    { stream: false, includeUsage: false },
  );
  expect(JSON.parse(Buffer.from(answer!.body).toString())).toMatchObject({
    provider: 'P',
    citations: ['a', 'b'],
    x_groq: { id: 'r', usage: { total_tokens: 3 } },
    choices: [{ message: { content: 'aa' }, finish_reason: 'stop' }],
  });
});

test('blocks that are encrypted come whole, and each stays one', () => {
  expect(messageOf([hidden('a'), hidden('b'), { content: 'x' }], 'stop')?.['thinking_blocks']).toHaveLength(
    2,
  );
  expect(messageOf([sealed('a'), sealed('b'), { content: 'x' }], 'stop')?.['reasoning_details']).toHaveLength(
    2,
  );
});

test('a function call whose name comes in pieces is whole', () => {
  expect(
    messageOf([legacy('wea', ''), legacy('ther', ''), legacy('', '{"c":1}')], 'function_call')?.[
      'function_call'
    ],
  ).toEqual({
    name: 'weather',
    arguments: '{"c":1}',
  });
});

test('a quote in a comment hides no number', () => {
  const body = Buffer.from(
    `: 5" wide\n\n${chunkWith('"seed":12345678901234567890,', '{"content":"a"}', '"stop"')}data: [DONE]\n\n`,
  );
  const answer = replayOf(
    'chat',
    { contentType: 'text/event-stream', body },
    { stream: false, includeUsage: false },
  );
  expect(Buffer.from(answer!.body).toString()).toContain('"seed":12345678901234567890');
});
