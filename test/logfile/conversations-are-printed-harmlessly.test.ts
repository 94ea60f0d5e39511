import { expect, test } from 'bun:test';
import { redaction } from '../../src/record/chatlog/redact.ts';
import { ChatPrinter } from '../../src/record/print/print.ts';
import { Dice } from '../support/random.ts';
import { delta, happening, printer, streamOf, streamOfAll } from './printer.ts';

const asked = {
  model: 'gpt-4o',
  messages: [
    { role: 'user', content: 'before' },
    { role: 'assistant', content: 'x' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is\nthis?' },
        { type: 'image_url', image_url: {} },
      ],
    },
  ],
};
const answer = JSON.stringify({
  choices: [
    { index: 0, message: { role: 'assistant', content: 'A \u001b[31mcat\u009b2J\r\nof \rmine.\u202e' } },
  ],
});
const shown = [
  'abc123 model gpt-4o\n',
  'abc123 > What is\n',
  'abc123 > this? [image_url]\n',
  'abc123 A \\u001b[31mcat\\u009b2J\n',
  'abc123 of \\u000dmine.\\u202e\n',
  'abc123 200, 3 tokens in, 4 out, 1.2 s\n',
];

test('what the user said last, then the answer; nothing in it reaches the terminal as a command', () => {
  const { printer: chat, out } = printer();
  chat.happened(happening('req-abc123', asked, 'application/json', answer));
  expect(out).toEqual(shown);
});

test('live, cut anywhere, it is the same', () => {
  const dice = new Dice(7);
  const text = (JSON.parse(answer) as { choices: [{ message: { content: string } }] }).choices[0].message
    .content;
  const stream = streamOfAll([
    delta({ role: 'assistant', content: '' }),
    ...text.match(/[^]{1,3}/g)!.map((content) => delta({ content })),
    { choices: [{ index: 1, delta: { content: 'another choice' } }] },
    { choices: [], usage: {} },
  ]);
  for (let round = 0; round < 100; round++) {
    const { printer: chat, out } = printer();
    const live = chat.answering(streamOf('req-abc123', asked))!;
    for (let at = 0; at < stream.length;) {
      const end = at + dice.int(1, 90);
      live.chunk(stream.subarray(at, end));
      at = end;
    }
    chat.happened(happening('req-abc123', asked, 'text/event-stream', stream.toString()));
    expect(out).toEqual(shown);
  }
});

test('calls of tools, responses and completions are live too; what is no stream waits for its end', () => {
  const { printer: chat, out } = printer();
  const live = (id: string, family: 'chat' | 'responses' | 'completions', all: readonly unknown[]) => {
    chat.answering({ ...streamOf(id, {}), family })!.chunk(streamOfAll(all));
    chat.happened(happening(id, {}, 'text/event-stream', '', { family }));
  };
  live('a', 'chat', [
    delta({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }),
    delta({ tool_calls: [{ index: 1, function: { name: 'g', arguments: '' } }] }),
  ]);
  live('b', 'responses', [
    { type: 'response.created', response: {} },
    { type: 'response.output_text.delta', delta: 'said' },
    { type: 'response.output_text.done', text: 'said' },
  ]);
  live('c', 'completions', [{ choices: [{ text: 'gone on' }] }, 'garbage', null, { choices: 5 }]);
  const answers = out.filter((line) => !/ model | 200, /.test(line));
  expect(answers).toEqual(['a f({"a":1})\n', 'a g()\n', 'b said\n', 'c gone on\n']);
  for (const more of [{ contentType: 'application/json' }, { encoding: 'strange' }, { method: 'GET' }])
    expect(chat.answering({ ...streamOf('d', {}), ...more })).toBeUndefined();
});

test('conversations at once are told apart, whole lines each', () => {
  const { printer: chat, out } = printer();
  const [a, b] = ['aaaaaa', 'bbbbbb'].map((id) => chat.answering(streamOf(id, {}))!);
  for (const content of ['one ', 'two\nthree ', 'four'])
    for (const live of [a!, b!]) live.chunk(Buffer.from(`data: ${JSON.stringify(delta({ content }))}\n\n`));
  for (const id of ['aaaaaa', 'bbbbbb']) chat.happened(happening(id, {}, 'text/event-stream', ''));
  for (const id of ['aaaaaa', 'bbbbbb'])
    expect(out.filter((line) => line.startsWith(id)).map((line) => line.slice(7, -1))).toEqual([
      'model -',
      'one two',
      'three four',
      '200, 3 tokens in, 4 out, 1.2 s',
    ]);
});

test('keys and what LOG_REDACT names are masked, live too', () => {
  const out: string[] = [];
  const filter = redaction(['key-of-the-house'], [/\d{4}/]);
  const chat = new ChatPrinter({ write: (text) => out.push(text), filter });
  const request = { model: 'key-of-the-house', messages: [{ role: 'user', content: 'pin 1234' }] };
  const said = 'key-of-the-house, 5678';
  const plain = JSON.stringify({ choices: [{ message: { content: said } }] });
  chat.happened(happening('a', request, 'application/json', plain));
  const live = chat.answering(streamOf('b', request))!;
  live.chunk(streamOfAll([...said].map((content) => delta({ content }))));
  chat.happened(happening('b', request, 'text/event-stream', ''));
  for (const secret of ['key-of-the-house', '1234', '5678']) expect(out.join('')).not.toContain(secret);
  expect(out.filter((line) => line.includes('key…ouse, ***'))).toHaveLength(2);
});

test('streams, tools, refusals, garbage and nothing are borne', () => {
  const { printer: chat, out } = printer();
  const events = ['He', 'llo']
    .map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)
    .join('');
  chat.happened(happening('1', asked, 'text/event-stream', `${events}data: [DONE]\n\n`));
  expect(out).toContain('1 Hello\n');
  const call = { id: 'c', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };
  chat.happened(
    happening(
      '2',
      asked,
      'application/json',
      JSON.stringify({ choices: [{ message: { content: null, tool_calls: [call] } }] }),
    ),
  );
  expect(out).toContain('2 look({"at":1})\n');
  for (const body of ['', 'not json', '[]', 'null', '{"choices":[null]}', '{"choices":{}}', '\u0000'])
    chat.happened(happening('3', body, 'application/json', body));
  chat.happened(
    happening('4', undefined, '', '', {
      answer: undefined,
      end: 'refused',
      status: 429,
      code: 'rate_limit_exceeded',
    }),
  );
  expect(out.at(-1)).toBe('4 429, refused, rate_limit_exceeded, 3 tokens in, 4 out, 1.2 s\n');
});
