import { expect, test } from 'bun:test';
import { delta, happening, printer, saidIn, streamOf, streamOfAll } from './printer.ts';

type Family = 'chat' | 'responses';

/** What is printed of a stream, live. */
function printed(all: readonly unknown[], family: Family = 'chat'): string[] {
  const { printer: chat, out } = printer();
  chat.answering({ ...streamOf('a', {}), family })!.chunk(streamOfAll(all));
  chat.happened(happening('a', {}, 'text/event-stream', '', { family }));
  return saidIn(out).map((line) => line.slice(2));
}

const begin = (index: number, name: string, given = '', id = `call_${index}`) =>
  delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: given } }] });
const more = (index: number, given: string) =>
  delta({ tool_calls: [{ index, function: { arguments: given } }] });

const whole = (id: string, name: string) =>
  delta({ tool_calls: [{ id, function: { name, arguments: '{"a":1}' } }] });
const item = (output_index: number, name: string) => ({
  type: 'response.output_item.added',
  output_index,
  item: { type: 'function_call', id: `fc_${output_index}`, name, arguments: '' },
});
const piece = (output_index: number, text: string) => ({
  type: 'response.function_call_arguments.delta',
  output_index,
  delta: text,
});

test('calls whose pieces come in turns are printed one after the other', () => {
  const parallel = [
    begin(0, 'weather'),
    begin(1, 'time'),
    more(0, '{"city":'),
    more(1, '{"zone":{"of":"CET"'),
    more(0, '"Rome"'),
    more(1, '}'),
    more(0, '}'),
    more(1, '}'),
    begin(2, 'last'),
    more(2, '{}'),
  ];
  expect(printed(parallel)).toEqual(['weather({"city":"Rome"})', 'time({"zone":{"of":"CET"}})', 'last({})']);
});

test('the current call is printed as it comes, the next once it is whole', () => {
  const { printer: chat, out } = printer();
  const live = chat.answering(streamOf('a', {}))!;
  const long = `{"text":"${'word '.repeat(60)}`;
  live.chunk(streamOfAll([begin(0, 'f'), begin(1, 'g'), more(1, '{"x":1}'), more(0, long)]));
  expect(saidIn(out)[0]).toStartWith('a f({"text":"word word');
  expect(saidIn(out).join('')).not.toContain('g(');
  live.chunk(streamOfAll([more(0, '"}'), delta({ content: 'Both.' })]));
  chat.happened(happening('a', {}, 'text/event-stream', ''));
  expect(saidIn(out).slice(-2)).toEqual(['a g({"x":1})', 'a Both.']);
});

test('what is said around calls has lines of its own', () => {
  const all = [
    delta({ content: 'I look ' }),
    begin(0, 'f', '{"a":'),
    delta({ content: 'it up.' }),
    more(0, '1}'),
    delta({ content: ' Done.' }),
  ];
  expect(printed(all)).toEqual(['I look ', 'f({"a":1})', 'it up. Done.']);
});

test('calls without an index, or all with the same one, are told apart by their ids', () => {
  expect(printed([whole('1', 'f'), whole('2', 'f')])).toEqual(['f({"a":1})', 'f({"a":1})']);
  expect(printed([begin(0, 'f', '{}', 'x'), begin(0, 'g', '{}', 'y')])).toEqual(['f({})', 'g({})']);
  // Some repeat the name with each piece.
  expect(printed([begin(0, 'f', '{"a":', 'x'), begin(0, 'f', '1}', 'x')])).toEqual(['f({"a":1})']);
});

test('a call that never becomes whole holds the others until the end, and no longer', () => {
  expect(printed([begin(0, 'f', '{"a'), begin(1, 'g', '{"b":2}'), begin(2, 'h')])).toEqual([
    'f({"a)',
    'g({"b":2})',
    'h()',
  ]);
  expect(printed([delta({ function_call: { name: 'old', arguments: '{' } })])).toEqual(['old({)']);
});

test('custom tools, and calls of the Responses API, are calls too', () => {
  expect(
    printed([
      delta({ tool_calls: [{ index: 0, id: '1', type: 'custom', custom: { name: 'run', input: 'ls' } }] }),
      delta({ tool_calls: [{ index: 0, custom: { input: ' -l' } }] }),
    ]),
  ).toEqual(['run(ls -l)']);
  expect(
    printed(
      [
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Well' },
        item(1, 'f'),
        item(2, 'g'),
        piece(2, '{"b":'),
        piece(1, '{"a":1}'),
        piece(2, '2}'),
        { type: 'response.output_item.done', output_index: 1, item: {} },
      ],
      'responses',
    ),
  ).toEqual(['Well', 'f({"a":1})', 'g({"b":2})']);
});

test('a plain answer has its calls in lines of their own too', () => {
  const { printer: chat, out } = printer();
  const tool_calls = ['f', 'g'].map((name) => ({ function: { name, arguments: '{}' } }));
  const body = JSON.stringify({ choices: [{ message: { content: 'Well', tool_calls } }] });
  chat.happened(happening('a', {}, 'application/json', body));
  expect(saidIn(out)).toEqual(['a Well', 'a f({})', 'a g({})']);
});
