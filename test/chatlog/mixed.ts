import type { Happening } from '../../src/record/happening.ts';
import { Dice } from '../support/random.ts';
import { asBytes, chatAnswer, chatStream, happening, jsonAnswer, streamAnswer } from './exchanges.ts';

const words = [
  'hi',
  "it's",
  '"so"',
  'back\\slash',
  'line\nbreak',
  '中文字',
  '😀',
  '\t',
  '\u2028',
  'é',
  '\u0000',
  '</s>',
  '{}',
  "'",
];

/** Chat exchanges of all sorts, the same for the same seed. */
export function mixedExchanges(count: number, seed: number): Happening[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, (_, index) => exchange(dice, index));
}

function exchange(dice: Dice, index: number): Happening {
  const message = answerMessage(dice);
  const given = {
    at: Date.UTC(2026, 0, 1) + index * 1300,
    id: `req-${index}`,
    request: asBytes(request(dice)),
  };
  const kind = dice.int(0, 19);
  if (kind === 0) {
    const answer = jsonAnswer({ error: { message: 'Rate limit', type: 'requests', code: null } });
    return happening({ ...given, status: 429, answer });
  }
  if (kind === 1) return happening({ ...given, status: 502, end: 'failed', code: 'upstream_unreachable' });
  if (kind < 11) {
    const encoded = kind === 2 ? { encoding: 'gzip' } : {};
    const answer = jsonAnswer(chatAnswer(message), encoded);
    if (kind === 2) answer.body = Buffer.from(Bun.gzipSync(answer.body));
    return happening({ ...given, answer });
  }
  const text = chatStream(deltasOf(dice, message));
  if (kind > 12) return happening({ ...given, stream: true, answer: streamAnswer(text) });
  const bytes = Buffer.from(text);
  const cut = {
    contentType: 'text/event-stream',
    encoding: '',
    body: bytes.subarray(0, dice.int(0, bytes.length)),
    whole: false,
  };
  return happening({ ...given, stream: true, end: kind === 11 ? 'left' : 'cut', answer: cut });
}

function prose(dice: Dice): string {
  return Array.from({ length: dice.int(0, 12) }, () => dice.pick(words)).join(' ');
}

function request(dice: Dice): string {
  const messages: unknown[] = [{ role: 'system', content: prose(dice) }];
  if (dice.chance(0.2)) {
    messages.push({
      role: 'assistant',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    });
    messages.push({ role: 'tool', tool_call_id: 'call_1', content: null });
  }
  const picture = [
    { type: 'text', text: prose(dice) },
    { type: 'image_url', image_url: { url: 'data:,', detail: 'low' } },
  ];
  messages.push({ role: 'user', content: dice.chance(0.2) ? picture : prose(dice) });
  const functions = [{ name: 'f', parameters: { type: 'object', properties: { '7': { minimum: 1.5 } } } }];
  const fields = {
    model: 'gpt-4o',
    messages,
    ...(dice.chance(0.3) ? { functions, function_call: 'auto' } : {}),
    ...(dice.chance(0.3) ? { tools: [{ type: 'function', function: functions[0] }] } : {}),
    ...(dice.chance(0.3)
      ? { n: 2, seed: 7, response_format: { type: 'text' }, logit_bias: { '50256': -100, '11': 5 } }
      : {}),
    ...(dice.chance(0.5) ? { temperature: dice.pick([0, 0.7, 2, null]), stop: ['\n'] } : {}),
  };
  const text = JSON.stringify(fields);
  // As Python's clients write it.
  return dice.chance(0.3)
    ? text.replace('"temperature":2', '"temperature": 2.0').replace('1.5', '1.0')
    : text;
}

type Message = Record<string, unknown>;

function answerMessage(dice: Dice): Message {
  const role = 'assistant';
  const kind = dice.int(0, 9);
  if (kind === 0)
    return { role, content: null, function_call: { name: 'f', arguments: `{"q": "${dice.int(0, 99)}"}` } };
  if (kind === 1) {
    return { role, content: null, tool_calls: [call('call_a'), call('call_b')] };
  }
  if (kind === 2) return { role, content: null, refusal: "I'm sorry" };
  if (kind === 3) return { role, content: prose(dice), reasoning_content: prose(dice) };
  return { role, content: prose(dice) };
}

function deltasOf(dice: Dice, message: Message): unknown[] {
  const deltas: unknown[] = [{ role: 'assistant', content: message.content === null ? null : '' }];
  for (const name of ['reasoning_content', 'content', 'refusal']) {
    const text = message[name];
    if (typeof text === 'string') for (const piece of pieces(dice, text)) deltas.push({ [name]: piece });
  }
  const legacy = message.function_call as { name: string; arguments: string } | undefined;
  if (legacy) {
    deltas.push({ function_call: { name: legacy.name, arguments: '' } });
    for (const piece of pieces(dice, legacy.arguments)) deltas.push({ function_call: { arguments: piece } });
  }
  const calls = (message.tool_calls ?? []) as { function: { arguments: string } }[];
  calls.forEach((one, index) => {
    deltas.push({ tool_calls: [{ ...one, index, function: { ...one.function, arguments: '' } }] });
    for (const piece of pieces(dice, one.function.arguments))
      deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] });
  });
  return deltas;
}

function pieces(dice: Dice, text: string): string[] {
  const units = [...text];
  const cut: string[] = [];
  while (units.length > 0) cut.push(units.splice(0, dice.int(1, 6)).join(''));
  return cut;
}

function call(id: string) {
  return { id, type: 'function', function: { name: 'f', arguments: '{"a":\'1\'}' } };
}
