import { expect, test } from 'bun:test';
import { asBytes, chatAnswer, chatStream, happening, jsonAnswer, logged, streamAnswer } from './exchanges.ts';

const file = 'openai/chat/chat.log';
const request = asBytes({
  model: 'gpt-3.5-turbo',
  messages: [{ role: 'user', content: 'hi' }],
  stream: true,
});

function uidIn(line: string): string {
  return /'uid': '([\da-f]{32})'/.exec(line)![1]!;
}

test('an exchange is the two lines of the reference, and what is ours after them', async () => {
  const text = chatStream([
    { role: 'assistant', content: '' },
    { content: 'Hello! How can I' },
    { content: ' assist?' },
  ]);
  const { [file]: lines } = await logged([happening({ request, stream: true, answer: streamAnswer(text) })]);
  const [asked, answered, end] = lines!.split('\n');
  const uid = uidIn(asked!);
  const at = /'datetime': '(.*?)'/.exec(asked!)![1]!;
  expect(new Date(at.replace(' ', 'T')).getTime()).toBe(Date.UTC(2023, 9, 17, 15, 27, 12));
  expect(asked).toStartWith(
    `{'messages': [{'role': 'user', 'content': 'hi'}], 'model': 'gpt-3.5-turbo', 'stream': True, 'max_tokens': None, 'n': 1, 'temperature': 1, 'top_p': 1, 'logit_bias': None, 'frequency_penalty': 0, 'presence_penalty': 0, 'stop': None, 'user': None, 'ip': '127.0.0.1', 'uid': '${uid}', 'datetime': '${at}', `,
  );
  expect(answered).toStartWith(
    `{'assistant': 'Hello! How can I assist?', 'is_function_call': False, 'uid': '${uid}', `,
  );
  expect(end).toBe('');
});

test('nothing of an answer is lost: calls, refusals, reasoning, other choices, usage', async () => {
  const tool = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const plain = chatAnswer(
    { role: 'assistant', content: null, tool_calls: [tool], reasoning_content: 'Hm.' },
    'tool_calls',
  );
  const other = {
    index: 1,
    message: { role: 'assistant', content: null, refusal: 'No.' },
    finish_reason: 'stop',
  };
  const answer = jsonAnswer({ ...plain, choices: [...plain.choices, other] });
  const { [file]: lines } = await logged([happening({ request, answer })]);
  const answered = lines!.split('\n')[1]!;
  expect(answered).toStartWith(
    "{'assistant': [{'id': 'call_1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}], 'is_function_call': False, ",
  );
  for (const part of [
    "'is_tool_calls': True",
    "'reasoning': 'Hm.'",
    "'finish_reason': 'tool_calls'",
    "'refusal': 'No.'",
    "'usage': {'prompt_tokens': 9, 'completion_tokens': 12, 'total_tokens': 21}",
  ])
    expect(answered).toContain(part);
});

test('functions go first, as with the original; numbers stay what they were', async () => {
  const body =
    '{"messages":[],"model":"m","temperature":1.0,"functions":[{"name":"f"}],"seed":12345678901234567890}';
  const { [file]: lines } = await logged([
    happening({ request: asBytes(body), answer: undefined, status: 502, end: 'failed' }),
  ]);
  expect(lines).toStartWith(
    "{'functions': [{'name': 'f'}], 'function_call': None, 'messages': [], 'model': 'm', ",
  );
  expect(lines).toContain("'temperature': 1.0, ");
  expect(lines).toContain("'seed': 12345678901234567890");
  expect(lines!.split('\n')).toHaveLength(2);
});

test('a stream that broke off is logged as far as it came, wherever it was cut', async () => {
  const text = chatStream([
    { role: 'assistant', content: '' },
    { content: 'one "two' },
    { content: '\\ three\n' },
  ]);
  const bytes = Buffer.from(text);
  let before = '';
  for (let length = 0; length <= bytes.length; length++) {
    const answer = { ...streamAnswer(''), body: bytes.subarray(0, length), whole: false };
    const { [file]: lines } = await logged([happening({ request, answer, end: 'left' })], {
      format: 'jsonl',
    });
    const answered = lines!.split('\n')[1]!;
    if (answered === '') continue;
    const { assistant, end } = JSON.parse(answered) as { assistant: string; end: string };
    expect(end).toBe('left');
    expect(assistant).toStartWith(before);
    before = assistant;
  }
  expect(before).toBe('one "two\\ three\n');
});

test('an error within a stream is kept beside what came before it', async () => {
  const head = chatStream([{ role: 'assistant', content: 'Well' }]).split('data: {"id":"chatcmpl-9"')[1]!;
  const text = `: hello\r\n\r\ndata: {"id":"chatcmpl-9"${head}data: {"error":{"message":"overloaded"}}\n\n`;
  const { [file]: lines } = await logged([happening({ request, answer: streamAnswer(text) })]);
  expect(lines).toContain("{'assistant': 'Well', ");
  expect(lines).toContain("'error': {'message': 'overloaded'}");
});

test('an error instead of an answer is on the request line, which stays alone', async () => {
  const answer = jsonAnswer({ error: { message: 'no' } });
  const { [file]: lines } = await logged([happening({ request, answer, status: 429 })]);
  expect(lines!.trimEnd().split('\n')).toHaveLength(1);
  expect(lines).toContain("'status': 429, 'end': 'whole', 'error': {'message': 'no'}");
});

test('whatever a body is, an exchange is one or two whole lines', async () => {
  const bodies = [
    '',
    'no json',
    '[1]',
    '"text"',
    '{"messages":"x"}',
    '{"messages":[1,null,{}]}',
    '\ufeff{}',
    '{"a":',
  ];
  const answers = [
    '',
    'x',
    '[]',
    '{"choices":[{}]}',
    '{"choices":[null]}',
    '{"choices":5}',
    '{"choices":[{"message":7}]}',
  ];
  for (const body of bodies)
    for (const text of answers)
      for (const answer of [jsonAnswer(text), streamAnswer(text), streamAnswer(`data: ${text}\n\n`)]) {
        const { [file]: lines } = await logged([happening({ request: asBytes(body), answer })]);
        expect(lines).toMatch(/^(?:\{'.*\}\n){1,2}$/);
      }
});

test('encoded answers are read; routes have their files; others have none', async () => {
  const gzip = jsonAnswer('', { encoding: 'gzip' });
  const plain = chatAnswer({ role: 'assistant', content: 'packed' });
  const files = await logged([
    happening({
      request,
      answer: { ...gzip, body: Bun.gzipSync(JSON.stringify(plain)) },
      prefix: '/local/v2',
    }),
    happening({ request, family: 'completions', answer: jsonAnswer({ choices: [{ text: 'said' }] }) }),
    happening({
      request,
      family: 'embeddings',
      answer: jsonAnswer({ object: 'list', data: [{ embedding: [1, 2] }] }),
    }),
    happening({
      request,
      family: 'responses',
      answer: jsonAnswer({ output: [{ type: 'message', content: [{ type: 'output_text', text: 'so' }] }] }),
    }),
    happening({ family: 'other', path: '/v1/audio/transcriptions', answer: jsonAnswer({ text: 'heard' }) }),
    happening({ family: 'other', path: '/v1/models' }),
    happening({ prefix: '', end: 'refused', status: 401 }),
  ]);
  expect(Object.keys(files).toSorted()).toEqual([
    'local_v2/chat/chat.log',
    'openai/completion/completion.log',
    'openai/embedding/embedding.log',
    'openai/response/response.log',
    'openai/whisper/whisper.log',
  ]);
  const found = [
    "'assistant': 'packed'",
    "'text': 'said'",
    "'dimensions': 2",
    "'assistant': 'so'",
    "'text': 'heard'",
  ];
  for (const part of found) expect(Object.values(files).join('')).toContain(part);
});
