import { event, sse } from './support.ts';

type Item = Record<string, unknown> & { id: string; type: string };

const text = '{"city":"Köln 🦊"}';
const outputs: Readonly<Record<string, readonly Item[]>> = {
  text: [reasoningOf('rs_1', ['I think ', 'so.']), messageOf('msg_1', text)],
  tools: [callOf('fc_1', 'weather', '{"city":"Köln"}'), callOf('fc_2', 'time', '{}')],
};

function reasoningOf(id: string, pieces: readonly string[]): Item {
  return { id, type: 'reasoning', summary: [{ type: 'summary_text', text: pieces.join('') }] };
}

function messageOf(id: string, said: string): Item {
  const content = [{ type: 'output_text', annotations: [], logprobs: [], text: said }];
  return { id, type: 'message', status: 'completed', content, role: 'assistant' };
}

function callOf(id: string, name: string, args: string): Item {
  return { id, type: 'function_call', status: 'completed', arguments: args, call_id: `call_${id}`, name };
}

/** Answers `POST /v1/responses` as OpenAI's API does, the `count`th time; the model's name says with what. */
export function answerCachedResponse(asked: Record<string, unknown>, count: number): Response {
  const output = outputs[String(asked.model)] ?? [];
  const response = {
    id: `resp_${count}`,
    object: 'response',
    created_at: 1_750_000_000 + count,
    status: 'completed',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: String(asked.model),
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: true,
    temperature: 1,
    text: asked.text ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: 'auto',
    tools: asked.tools ?? [],
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 18,
    },
    user: null,
    metadata: asked.metadata ?? {},
  };
  if (asked.stream !== true) return Response.json(response);
  const begun = { ...response, status: 'in_progress', output: [], usage: null };
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...output.flatMap(eventsOf),
    { type: 'response.completed', response },
  ];
  return sse(events.map((one, index) => event({ ...one, sequence_number: index }, one.type)));
}

function eventsOf(item: Item, index: number): { type: string; [name: string]: unknown }[] {
  const place = { item_id: item.id, output_index: index };
  const done = { type: 'response.output_item.done', output_index: index, item };
  const added = (begun: object) => ({
    type: 'response.output_item.added',
    output_index: index,
    item: { ...item, ...begun },
  });
  const kind = 'response.function_call_arguments';
  if (item.type === 'function_call') {
    return [
      added({ arguments: '', status: 'in_progress' }),
      ...pieces(String(item.arguments)).map((delta) =>
        Object.assign({ type: `${kind}.delta` }, place, { delta }),
      ),
      { type: `${kind}.done`, ...place, arguments: item.arguments },
      done,
    ];
  }
  if (item.type === 'reasoning') {
    const [part] = item.summary as { type: string; text: string }[];
    const at = { ...place, summary_index: 0 };
    return [
      added({ summary: [] }),
      { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
      ...pieces(part!.text).map((delta) =>
        Object.assign({ type: 'response.reasoning_summary_text.delta' }, at, { delta }),
      ),
      { type: 'response.reasoning_summary_text.done', ...at, text: part!.text },
      { type: 'response.reasoning_summary_part.done', ...at, part },
      done,
    ];
  }
  const [part] = item.content as { type: string; text: string }[];
  const at = { ...place, content_index: 0 };
  return [
    added({ content: [], status: 'in_progress' }),
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...pieces(part!.text).map((delta) =>
      Object.assign({ type: 'response.output_text.delta' }, at, { delta, logprobs: [] }),
    ),
    { type: 'response.output_text.done', ...at, text: part!.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
    done,
  ];
}

const pieces = (whole: string): string[] => whole.match(/[^]{1,4}/gu) ?? [];
