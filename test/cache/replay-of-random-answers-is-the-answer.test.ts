import { expect, test } from 'bun:test';
import { keepable } from '../../src/openai/keepable.ts';
import { replayOf } from '../../src/openai/replay/replay.ts';
import { Dice } from '../support/random.ts';

type Json = Record<string, unknown>;

const ROUNDS = Number(process.env['AIFD_ROUNDS'] ?? 400);
const json = 'application/json';
const sse = 'text/event-stream';

const words = [
  'Hi',
  ' you',
  '\n\n',
  '日本',
  '👩‍👩‍👧',
  ' "q"',
  '\\',
  '{"error":1}',
  ' [DONE]',
  'data: x',
  ' e\u0301',
  '\u2028',
];

const textOf = (dice: Dice): string =>
  Array.from({ length: dice.int(1, 12) }, () => dice.pick(words)).join('');

/** A text in pieces, none of them empty. */
function piecesOf(dice: Dice, text: string): string[] {
  const left = [...text];
  const pieces: string[] = [];
  while (left.length > 0) pieces.push(left.splice(0, dice.int(1, 6)).join(''));
  return pieces;
}

function callOf(dice: Dice, at: number): Json {
  const id = `call_${at}_${dice.int(0, 999)}`;
  if (dice.chance(0.2))
    return { id, type: 'custom', custom: { name: dice.pick(['code', 'sql']), input: textOf(dice) } };
  const args = dice.chance(0.17) ? '' : JSON.stringify({ city: textOf(dice), n: dice.int(0, 99) });
  return {
    id,
    type: 'function',
    function: { name: dice.pick(['weather', 'get_time', 'f']), arguments: args },
  };
}

function messageOf(dice: Dice): Json {
  const message: Json = { role: 'assistant', content: textOf(dice) };
  if (dice.chance(0.5)) message.refusal = null;
  if (dice.chance(0.5)) message.reasoning_content = textOf(dice);
  if (dice.chance(0.33))
    message.thinking_blocks = [
      { type: 'thinking', thinking: textOf(dice), signature: 'c2ln' },
      ...(dice.chance(0.5)
        ? [
            { type: 'redacted_thinking', data: 'ZGF0YQ' },
            { type: 'redacted_thinking', data: 'bW9yZQ' },
          ]
        : []),
      { type: 'thinking', thinking: textOf(dice), signature: 'MnNpZw' },
    ];
  if (dice.chance(0.33))
    message.annotations = [{ type: 'url_citation', url_citation: { url: 'https://a.example' } }];
  if (dice.chance(0.25)) message.something_new = { a: [1, { b: textOf(dice) }] };
  if (dice.chance(0.2)) Object.assign(message, { content: null, refusal: textOf(dice) });
  else if (dice.chance(0.5)) {
    message.content = null;
    message.tool_calls = Array.from({ length: dice.int(1, 3) }, (_, at) => callOf(dice, at));
  } else if (dice.chance(0.17)) {
    message.content = null;
    message.function_call = { name: 'weather', arguments: JSON.stringify({ c: textOf(dice) }) };
  }
  return message;
}

function answerOf(dice: Dice): Json {
  const choices = Array.from({ length: dice.int(1, 3) }, (_, index) => {
    const message = messageOf(dice);
    const finish_reason = message.tool_calls
      ? 'tool_calls'
      : message.function_call
        ? 'function_call'
        : 'stop';
    return { index, message, ...(dice.chance(0.5) && { logprobs: null }), finish_reason };
  });
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'm',
    ...(dice.chance(0.5) && { service_tier: 'default', system_fingerprint: null }),
    ...(dice.chance(0.5) && { provider: 'P', citations: ['a', 'b'], timings: { ms: 1.5 } }),
    choices,
    usage: { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 },
  };
}

/** How a server writes tool calls. */
interface Manner {
  readonly index: 'each' | 'shared' | 'none';
  readonly repeatsId: boolean;
  readonly name: 'whole' | 'pieces' | 'each time';
}

/** The deltas in which a server would send a message: its own way to cut, in its own order. */
function deltasOf(message: Json, dice: Dice, manner: Manner): Json[] {
  const deltas: Json[] = [{ role: 'assistant', content: message.content === null ? null : '' }];
  for (const name of Object.keys(message))
    if (message[name] === null && name !== 'content') deltas[0]![name] = null;
  const grow = (name: string): void => {
    if (typeof message[name] === 'string')
      for (const piece of piecesOf(dice, message[name])) deltas.push({ [name]: piece });
  };
  grow('reasoning_content');
  for (const block of (message.thinking_blocks ?? []) as Json[]) {
    if (block.type !== 'thinking') {
      deltas.push({ thinking_blocks: [block] });
      continue;
    }
    for (const thinking of piecesOf(dice, block.thinking as string))
      deltas.push({ thinking_blocks: [{ type: 'thinking', thinking, signature: '' }] });
    deltas.push({ thinking_blocks: [{ type: 'thinking', thinking: '', signature: block.signature }] });
  }
  for (const name of ['content', 'refusal']) grow(name);
  for (const name of ['annotations', 'something_new'])
    if (name in message) deltas.push({ [name]: message[name] });
  for (const [at, call] of ((message.tool_calls ?? []) as Json[]).entries())
    deltas.push(...callDeltas(call, at, dice, manner));
  const legacy = message.function_call as { name: string; arguments: string } | undefined;
  if (legacy) {
    deltas.push({ function_call: { name: legacy.name, arguments: '' } });
    for (const piece of piecesOf(dice, legacy.arguments))
      deltas.push({ function_call: { arguments: piece } });
  }
  return deltas;
}

function callDeltas(call: Json, at: number, dice: Dice, { index, repeatsId, name }: Manner): Json[] {
  const kind = call.type as 'function' | 'custom';
  const growing = kind === 'function' ? 'arguments' : 'input';
  const called = call[kind] as Record<string, string>;
  const place = index === 'none' ? {} : { index: index === 'shared' ? 0 : at };
  const id = repeatsId ? { id: call.id } : {};
  const names = name === 'pieces' ? piecesOf(dice, called.name!) : [called.name!];
  const again = name === 'each time' ? { name: called.name } : {};
  const one = (more: Json): Json => ({ tool_calls: [{ ...place, ...more }] });
  return [
    one({ id: call.id, type: kind, [kind]: { name: names[0], [growing]: '' } }),
    ...names.slice(1).map((piece) => one({ ...id, [kind]: { name: piece } })),
    ...piecesOf(dice, called[growing]!).map((piece) =>
      one({ ...id, [kind]: { ...again, [growing]: piece } }),
    ),
  ];
}

/** The chunks of one choice. */
function laneOf({ message, index, finish_reason, ...more }: Json, dice: Dice, manner: Manner): Json[] {
  const lane: Json[] = [];
  for (const delta of deltasOf(message as Json, dice, manner))
    lane.push({ index, delta, ...more, finish_reason: null });
  lane.push({ index, delta: {}, ...more, finish_reason });
  return lane;
}

/** The answer as a server of that manner streams it, the choices mixed. */
function streamOf(answer: Json, dice: Dice, manner: Manner): string {
  const { choices, usage, object: _object, ...head } = answer as { choices: Json[] } & Json;
  const lanes = choices.map((choice) => laneOf(choice, dice, manner));
  const events: Json[] = [];
  while (lanes.some((lane) => lane.length > 0)) {
    const lane = dice.pick(lanes.filter(({ length }) => length > 0));
    events.push({
      ...head,
      object: 'chat.completion.chunk',
      choices: [lane.shift()],
      ...(dice.chance(0.5) && { usage: null }),
    });
  }
  if (dice.chance(0.5)) events.at(-1)!.usage = usage;
  else events.push({ ...head, object: 'chat.completion.chunk', choices: [], usage });
  const end = dice.pick(['\n', '\r\n']);
  return [...events.map((event) => `data: ${JSON.stringify(event)}`), 'data: [DONE]']
    .map((line) => `${line}${end}${end}`)
    .join('');
}

/** A completion of the older API. */
function completionOf(dice: Dice): Json {
  const choices = Array.from({ length: dice.int(1, 3) }, (_, index) => {
    const tokens = piecesOf(dice, textOf(dice));
    const each = tokens.map((_token, at) => -1 - at / 8);
    const logprobs = dice.chance(0.5) ? null : { tokens, token_logprobs: each, top_logprobs: null };
    return { text: tokens.join(''), index, logprobs, finish_reason: dice.pick(['stop', 'length']) };
  });
  return {
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    model: 'm',
    choices,
    usage: { total_tokens: 3 },
  };
}

/** A response of the Responses API. */
function responseOf(dice: Dice): Json {
  const part = (): Json => ({ type: 'output_text', text: textOf(dice), annotations: [], logprobs: [] });
  const items: (() => Json)[] = [
    () => ({ type: 'message', role: 'assistant', status: 'completed', content: [part(), part()] }),
    () => ({
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'refusal', refusal: textOf(dice) }],
    }),
    () => ({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: textOf(dice) }],
      encrypted_content: 'eA',
    }),
    () => ({
      type: 'function_call',
      call_id: 'c',
      name: 'f',
      arguments: JSON.stringify({ x: textOf(dice) }),
    }),
    () => ({ type: 'mcp_list_tools', server_label: 's', tools: [{ name: textOf(dice) }] }),
    () => ({ type: 'something_new', status: 'completed', what: { a: textOf(dice) } }),
  ];
  const output = Array.from({ length: dice.int(0, 4) }, (_, at) =>
    Object.assign(dice.pick(items)(), { id: `item_${at}` }),
  );
  const status = dice.pick(['completed', 'incomplete']);
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status,
    error: null,
    output,
    usage: { total_tokens: 3 },
  };
}

test.each([
  ['completions', completionOf],
  ['responses', responseOf],
] as const)('%s: a plain answer as a stream, put together again, is the same', (family, make) => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const answer = make(new Dice(seed));
    const kept = { contentType: json, body: Buffer.from(JSON.stringify(answer)) };
    const stream = replayOf(family, kept, { stream: true, includeUsage: family === 'completions' })!;
    expect([seed, keepable(family, sse, stream.body)]).toEqual([seed, true]);
    const plain = replayOf(family, stream, { stream: false, includeUsage: false })!;
    expect([seed, JSON.parse(Buffer.from(plain.body).toString())]).toEqual([seed, answer]);
  }
});

const plainOf = (body: Uint8Array): Json | undefined => {
  const plain = replayOf('chat', { contentType: sse, body }, { stream: false, includeUsage: false });
  return plain && (JSON.parse(Buffer.from(plain.body).toString()) as Json);
};

test('a plain answer as a stream, put together again, is the same', () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const answer = answerOf(new Dice(seed));
    const kept = { contentType: json, body: Buffer.from(JSON.stringify(answer)) };
    const stream = replayOf('chat', kept, { stream: true, includeUsage: true })!;
    expect([seed, keepable('chat', sse, stream.body)]).toEqual([seed, true]);
    expect([seed, plainOf(stream.body)]).toEqual([seed, answer]);
  }
});

for (const index of ['each', 'shared', 'none'] as const)
  for (const name of ['whole', 'pieces', 'each time'] as const)
    for (const repeatsId of [false, true])
      test(`streamed with index ${index}, name ${name}, ids ${repeatsId ? 'repeated' : 'once'}: the same or none, never another`, () => {
        let made = 0;
        for (let seed = 1; seed <= ROUNDS / 4; seed++) {
          const dice = new Dice(seed);
          const answer = answerOf(dice);
          const body = Buffer.from(streamOf(answer, dice, { index, name, repeatsId }));
          expect([seed, keepable('chat', sse, body)]).toEqual([seed, true]);
          const plain = plainOf(body);
          if (plain === undefined) continue;
          made++;
          expect([seed, plain]).toEqual([seed, answer]);
        }
        expect(made).toBeGreaterThan((ROUNDS / 4) * 0.8);
      });
