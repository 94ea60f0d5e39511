import { objectOf } from '../json.ts';
import type { Fields } from '../json.ts';
import { piecesOf, tokenPieces, tokensIn } from './pieces.ts';

/** A plain response as the events in which it would have been sent; undefined when it can't be. */
export function responsesEvents(response: Fields): string | undefined {
  const { status, output } = response;
  if ((status !== 'completed' && status !== 'incomplete') || !Array.isArray(output)) return undefined;
  const events = new ResponseEvents();
  const begun = asBegun(response);
  events.add('response.created', { response: begun });
  events.add('response.in_progress', { response: begun });
  for (const [index, one] of (output as unknown[]).entries()) {
    const item = objectOf(one);
    if (!item) return undefined;
    new ItemEvents(events, item, index).write();
  }
  events.add(`response.${status}`, { response });
  return events.text;
}

/** Writes events in a row, numbered. */
class ResponseEvents {
  text = '';
  private next = 0;

  add(type: string, members: Fields): void {
    const data = JSON.stringify({ type, sequence_number: this.next++, ...members });
    this.text += `event: ${type}\ndata: ${data}\n\n`;
  }
}

/** The response before the model has said anything. */
function asBegun(response: Fields): Fields {
  const begun: Fields = { ...response, status: 'in_progress', output: [] };
  for (const name of ['usage', 'completed_at', 'incomplete_details']) if (name in begun) begun[name] = null;
  // Some clients derive it from the output, and would find it there twice.
  if ('output_text' in begun) begun.output_text = '';
  return begun;
}

/** Where the text of an item is, and the events in which it grows. */
const growing: Readonly<Record<string, { readonly member: string; readonly event: string }>> = {
  function_call: { member: 'arguments', event: 'response.function_call_arguments' },
  custom_tool_call: { member: 'input', event: 'response.custom_tool_call_input' },
  mcp_call: { member: 'arguments', event: 'response.mcp_call_arguments' },
  code_interpreter_call: { member: 'code', event: 'response.code_interpreter_call_code' },
};

/** Steps that an item's type tells of: before its text, and after it. */
const steps: Readonly<Record<string, readonly [before: readonly string[], after: readonly string[]]>> = {
  web_search_call: [['in_progress', 'searching'], ['completed']],
  file_search_call: [['in_progress', 'searching'], ['completed']],
  image_generation_call: [['in_progress', 'generating'], ['completed']],
  code_interpreter_call: [['in_progress'], ['interpreting', 'completed']],
  mcp_call: [['in_progress'], []],
  mcp_list_tools: [['in_progress'], ['completed']],
};

/** What an item has only when it is done. */
const outcomes = ['result', 'results', 'outputs', 'output'];

/** The events of one item of a response's output. */
class ItemEvents {
  private readonly where: { readonly item_id: unknown; readonly output_index: number };

  constructor(
    private readonly events: ResponseEvents,
    private readonly item: Fields,
    private readonly index: number,
  ) {
    this.where = { item_id: item.id, output_index: index };
  }

  write(): void {
    const { events, item, index } = this;
    const { id, type } = item;
    // What grows is told by the id; an item without one comes whole.
    if (typeof id !== 'string' || id === '') this.added(item);
    else if (type === 'message') this.message();
    else if (type === 'reasoning') this.reasoning();
    else this.call(String(type));
    events.add('response.output_item.done', { output_index: index, item });
  }

  private added(item: Fields): void {
    this.events.add('response.output_item.added', { output_index: this.index, item });
  }

  /** @param empty - what the item has not got yet */
  private begun(empty: Fields): void {
    const status = 'status' in this.item ? { status: 'in_progress' } : {};
    this.added({ ...this.item, ...status, ...empty });
  }

  private message(): void {
    this.begun({ content: [] });
    for (const [index, part] of partsOf(this.item.content)) this.part(part, index);
  }

  private reasoning(): void {
    const { item } = this;
    this.begun({ summary: [], ...(Array.isArray(item.content) ? { content: [] } : {}) });
    for (const [index, part] of partsOf(item.summary)) this.summary(part, index);
    for (const [index, part] of partsOf(item.content)) this.part(part, index);
  }

  private summary(part: Fields, index: number): void {
    const at = { ...this.where, summary_index: index };
    const name = 'response.reasoning_summary';
    this.events.add(`${name}_part.added`, { ...at, part: { ...part, text: '' } });
    this.grown(`${name}_text`, at, 'text', part.text);
    this.events.add(`${name}_part.done`, { ...at, part });
  }

  private part(part: Fields, index: number): void {
    const at = { ...this.where, content_index: index };
    this.events.add('response.content_part.added', { ...at, part: emptied(part) });
    if (part.type === 'output_text') this.outputText(part, at);
    else if (part.type === 'refusal') this.grown('response.refusal', at, 'refusal', part.refusal);
    else if (part.type === 'reasoning_text') this.grown('response.reasoning_text', at, 'text', part.text);
    this.events.add('response.content_part.done', { ...at, part });
  }

  private outputText({ text, logprobs, annotations }: Fields, at: Fields): void {
    if (typeof text !== 'string') return;
    const { events } = this;
    const entries = Array.isArray(logprobs) ? (logprobs as unknown[]) : [];
    const pieces = tokenPieces(text, tokensIn(entries));
    const add = (delta: string, some: unknown[]): void =>
      events.add('response.output_text.delta', { ...at, delta, logprobs: some });
    for (const { text: part, start, end } of pieces ?? []) add(part, entries.slice(start, end));
    if (!pieces) for (const part of text === '' ? [] : piecesOf(text)) add(part, []);
    for (const [place, annotation] of Array.isArray(annotations) ? annotations.entries() : [])
      events.add('response.output_text.annotation.added', {
        ...at,
        annotation_index: place as number,
        annotation: annotation as unknown,
      });
    events.add('response.output_text.done', { ...at, text, logprobs: entries });
  }

  private call(type: string): void {
    const { item, events, where } = this;
    const grows = Object.hasOwn(growing, type) ? growing[type] : undefined;
    const empty: Fields = {};
    if (grows && typeof item[grows.member] === 'string') empty[grows.member] = '';
    const [before, after] = Object.hasOwn(steps, type) ? steps[type]! : [[], []];
    if (before.length > 0) for (const name of outcomes) if (name in item) empty[name] = null;
    this.begun(empty);
    for (const step of before) events.add(`response.${type}.${step}`, where);
    if (grows) this.grown(grows.event, where, grows.member, item[grows.member]);
    for (const step of after) events.add(`response.${type}.${step}`, where);
    if (type === 'mcp_call') events.add(`response.mcp_call.${item.error ? 'failed' : 'completed'}`, where);
  }

  /** Text in pieces, then once more as a whole. */
  private grown(event: string, at: Fields, member: string, text: unknown): void {
    if (typeof text !== 'string') return;
    if (text !== '') for (const delta of piecesOf(text)) this.events.add(`${event}.delta`, { ...at, delta });
    this.events.add(`${event}.done`, { ...at, [member]: text });
  }
}

function partsOf(value: unknown): [number, Fields][] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).map((part, index) => {
    const fields = objectOf(part);
    if (!fields) throw new TypeError('a part is no object');
    return [index, fields];
  });
}

/** A part before its text. */
function emptied(part: Fields): Fields {
  const empty = { ...part };
  for (const name of ['text', 'refusal']) if (typeof empty[name] === 'string') empty[name] = '';
  for (const name of ['annotations', 'logprobs']) if (Array.isArray(empty[name])) empty[name] = [];
  return empty;
}
