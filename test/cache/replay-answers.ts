/** Plain answers as upstreams give them, by what they hold. */
type Json = Record<string, unknown>;

export const usage = {
  prompt_tokens: 9,
  completion_tokens: 12,
  total_tokens: 21,
  prompt_tokens_details: { cached_tokens: 0 },
};

const base = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4o-2024-08-06',
};
const whole = { usage, service_tier: 'default', system_fingerprint: 'fp_1' };
const says = (content: unknown, more: Json = {}): Json => ({
  role: 'assistant',
  content,
  refusal: null,
  annotations: [],
  ...more,
});
const choice = (message: Json, more: Json = {}): Json => ({
  index: 0,
  message,
  logprobs: null,
  finish_reason: 'stop',
  ...more,
});
const chat = (...choices: Json[]): Json => ({ ...base, choices, ...whole });
const token = (text: string): Json => ({
  token: text,
  logprob: -0.25,
  bytes: [...Buffer.from(text)],
  top_logprobs: [{ token: text, logprob: -0.25, bytes: [...Buffer.from(text)] }],
});
const call = (id: string, name: string, args: string): Json => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

const calls = [
  call('call_1', 'weather', '{"city":"Zürich","unit":"celsius"}'),
  call('call_2', 'time', '{}'),
  call('call_3', 'nothing', ''),
];

/** Those that the SDK's accumulator understands in full. */
export const chatAnswers: Record<string, Json> = {
  text: chat(choice(says('Hello there, how may I  help you\ntoday?\n\n'))),
  'n=2': chat(choice(says('One.')), choice(says('Two, and more.'), { index: 1, finish_reason: 'length' })),
  'parallel tools': chat(choice(says(null, { tool_calls: calls }), { finish_reason: 'tool_calls' })),
  'text and a tool': chat(
    choice(says('Let me see.', { tool_calls: calls.slice(0, 1) }), { finish_reason: 'tool_calls' }),
  ),
  'a custom tool': chat(
    choice(
      says(null, {
        tool_calls: [{ id: 'call_9', type: 'custom', custom: { name: 'code', input: 'print("a b c")\n' } }],
      }),
      { finish_reason: 'tool_calls' },
    ),
  ),
  refusal: chat(choice(says(null, { refusal: "I'm sorry, I can't help with that." }))),
  logprobs: chat(
    choice(says('Hi – you'), { logprobs: { content: ['Hi', ' –', ' you'].map(token), refusal: null } }),
  ),
  'logprobs of parts of characters': chat(
    choice(says('né'), { logprobs: { content: ['n', '\\xc3', '\\xa9'].map(token), refusal: null } }),
  ),
  'logprobs of a refusal': chat(
    choice(says(null, { refusal: 'No way' }), {
      logprobs: { content: null, refusal: ['No', ' way'].map(token) },
    }),
  ),
  'empty content': chat(choice(says(''))),
  'no content': chat(choice(says(null))),
  'empty logprobs': chat(choice(says(''), { logprobs: { content: [], refusal: null } })),
  unicode: chat(
    choice(says('日本語のとても長い文章です。👩‍👩‍👧‍👦👍🏽 e\u0301e\u0301 \u2028 "[DONE]" \\ \u0000 {"error":1}')),
  ),
  'a long word': chat(choice(says('x'.repeat(5000) + '😀'.repeat(5000)))),
  'a long text': chat(choice(says('word '.repeat(20_000)))),
  audio: chat(
    choice(
      says(null, {
        audio: {
          id: 'audio_1',
          data: 'QUJD'.repeat(3000),
          transcript: 'Hello you',
          expires_at: 1_700_003_600,
        },
      }),
    ),
  ),
  annotations: chat(
    choice(
      says('See [1].', {
        annotations: [
          {
            type: 'url_citation',
            url_citation: { url: 'https://a.example', title: 'a', start_index: 4, end_index: 7 },
          },
        ],
      }),
    ),
  ),
  'unknown members': chat(
    choice(
      says('x', { annotations: [], provider_specific_fields: { a: [1, { b: 2 }] }, mood: 'a good one' }),
      {
        content_filter_results: { hate: { filtered: false } },
        stop_reason: null,
      },
    ),
  ),
};

/** Those that it reads in a way of its own. */
export const otherChatAnswers: Record<string, Json> = {
  'a function call': chat(
    choice(says(null, { function_call: { name: 'weather', arguments: '{"city":"Bern"}' } }), {
      finish_reason: 'function_call',
    }),
  ),
  reasoning: chat(
    choice(
      says('42', {
        reasoning: 'Let me think about it.',
        reasoning_content: 'Let me  think.\n',
        reasoning_details: [
          { type: 'reasoning.text', text: 'Let me think about it.', index: 0, format: 'x', signature: 'sig' },
          { type: 'reasoning.encrypted', data: 'abcd', index: 1 },
        ],
      }),
    ),
  ),
  'nothing but what must be': {
    ...base,
    usage,
    choices: [{ index: 0, message: { role: 'assistant', content: 'x y' }, finish_reason: 'stop' }],
  },
  'null for all': chat(
    choice(
      says('x', {
        tool_calls: null,
        function_call: null,
        audio: null,
        reasoning_content: null,
        annotations: null,
      }),
    ),
  ),
  'no tools in a list': chat(choice(says('x', { tool_calls: [] }))),
  'no finish reason': { ...base, usage, choices: [{ index: 0, message: says('x y') }] },
  'unknown members of the whole': {
    ...chat(choice(says('x'))),
    provider: 'Some',
    citations: ['https://a.example'],
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }],
    timings: { ms: 1.5 },
  },
  'a member named __proto__': JSON.parse(
    JSON.stringify(chat(choice(says('x')))).replace('"refusal":null', '"refusal":null,"__proto__":"y z"'),
  ) as Json,
};

const completion = (...choices: Json[]): Json => ({
  ...base,
  id: 'cmpl-1',
  object: 'text_completion',
  choices,
  usage,
});

export const completionsAnswers: Record<string, Json> = {
  text: completion({ text: '\n\nThis is a test', index: 0, logprobs: null, finish_reason: 'length' }),
  empty: completion({ text: '', index: 0, logprobs: null, finish_reason: 'stop' }),
  'n=2': completion(
    { text: 'a b', index: 0, logprobs: null, finish_reason: 'stop' },
    { text: ' c d', index: 1, logprobs: null, finish_reason: 'length', stop_reason: 7 },
  ),
  logprobs: completion({
    text: ' a b',
    index: 0,
    logprobs: {
      tokens: [' a', ' b'],
      token_logprobs: [null, -0.5],
      top_logprobs: [null, { ' b': -0.5 }],
      text_offset: [0, 2],
    },
    finish_reason: 'stop',
  }),
  'logprobs of parts of characters': completion({
    text: 'é b',
    index: 0,
    logprobs: {
      tokens: ['bytes:\\xc3', 'bytes:\\xa9', ' b'],
      token_logprobs: [-1, -2, -3],
      top_logprobs: null,
    },
    finish_reason: 'stop',
  }),
};

const item = (id: string, type: string, more: Json): Json => ({ id, type, status: 'completed', ...more });
const response = (status: string, ...output: Json[]): Json => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000,
  status,
  background: false,
  error: null,
  incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
  instructions: null,
  model: 'gpt-5',
  output,
  parallel_tool_calls: true,
  temperature: 1,
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  usage: { input_tokens: 3, output_tokens: 5, total_tokens: 8 },
  metadata: {},
});
const part = (text: string, more: Json = {}): Json => ({
  type: 'output_text',
  text,
  annotations: [],
  logprobs: [],
  ...more,
});
const message = (...content: Json[]): Json => item('msg_1', 'message', { role: 'assistant', content });

export const responsesAnswers: Record<string, Json> = {
  text: response('completed', message(part('Hello there, how are\nyou? 👩‍👩‍👧‍👦'))),
  incomplete: response('incomplete', { ...message(part('Hello')), status: 'incomplete' }),
  empty: response('completed'),
  'empty text': response('completed', message(part(''))),
  logprobs: response('completed', message(part('Hi you', { logprobs: ['Hi', ' you'].map(token) }))),
  annotations: response(
    'completed',
    message(
      part('See a', {
        annotations: [
          { type: 'url_citation', url: 'https://a.example', title: 'a', start_index: 0, end_index: 3 },
        ],
      }),
      part('and b'),
    ),
  ),
  refusal: response('completed', message({ type: 'refusal', refusal: 'I can not do that.' })),
  'reasoning and tools': response(
    'completed',
    {
      id: 'rs_1',
      type: 'reasoning',
      summary: [
        { type: 'summary_text', text: '**Thinking** about it' },
        { type: 'summary_text', text: 'More' },
      ],
      content: [{ type: 'reasoning_text', text: 'Raw thoughts of it' }],
      encrypted_content: 'abc',
    },
    item('fc_1', 'function_call', { call_id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' }),
    item('fc_2', 'function_call', { call_id: 'call_2', name: 'time', arguments: '' }),
    item('ctc_1', 'custom_tool_call', { call_id: 'call_3', name: 'code', input: 'print("a")' }),
  ),
  'other tools': response(
    'completed',
    item('ws_1', 'web_search_call', { action: { type: 'search', query: 'x' } }),
    item('fs_1', 'file_search_call', { queries: ['x'], results: [{ file_id: 'f', text: 'y' }] }),
    item('ig_1', 'image_generation_call', { result: 'QUJD' }),
    item('ci_1', 'code_interpreter_call', {
      code: 'print(1)\n',
      container_id: 'c',
      outputs: [{ type: 'logs', logs: '1' }],
    }),
    item('mcp_1', 'mcp_call', {
      arguments: '{"a": 1}',
      name: 'n',
      server_label: 's',
      output: 'o',
      error: null,
    }),
    { id: 'mcpl_1', type: 'mcp_list_tools', server_label: 's', tools: [] },
    message(part('Done.')),
  ),
  'a call without an id': response('completed', {
    type: 'function_call',
    status: 'completed',
    call_id: 'call_1',
    name: 'weather',
    arguments: '{}',
  }),
};
