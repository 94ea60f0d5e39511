/** What the demo upstream's client may send to `/v1/chat/completions`; everything else is ignored. */
export interface ChatRequest {
  model: string;
  messages: { role?: string; content?: unknown }[];
  stream: boolean;
  includeUsage: boolean;
  n: number;
  tool?: string;
}

/** One choice of a finished chat answer. */
export interface Choice {
  index: number;
  message: {
    role: 'assistant';
    content: string | null;
    tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
  };
  finish_reason: 'stop' | 'tool_calls';
}

/** Token counts as OpenAI reports them (here: words, good enough for a demo). */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

type Loose = Record<string, unknown>;

/** True for JSON objects; arrays and `null` are not. */
export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a chat request. Answers the name of the field that is wrong instead when it is not one.
 */
export function readChat(body: Loose): ChatRequest | { wrong: string } {
  if (typeof body.model !== 'string') return { wrong: 'model' };
  const messages = body.messages;
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
    return { wrong: 'messages' };
  }
  const n = body.n ?? 1;
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 1 || n > 128) return { wrong: 'n' };
  const options = isObject(body.stream_options) ? body.stream_options : {};
  return {
    model: body.model,
    messages,
    stream: body.stream === true,
    includeUsage: options.include_usage === true,
    n,
    tool: wantedTool(body),
  };
}

/** A tool is called only when the client insists: the demo has no opinion of its own about `auto`. */
function wantedTool(body: Loose): string | undefined {
  const names = Array.isArray(body.tools)
    ? body.tools.map(toolName).filter((name) => name !== undefined)
    : [];
  if (body.tool_choice === 'required') return names[0];
  const named = toolName(body.tool_choice);
  return names.find((name) => name === named);
}

function toolName(tool: unknown): string | undefined {
  if (!isObject(tool) || !isObject(tool.function)) return undefined;
  return typeof tool.function.name === 'string' ? tool.function.name : undefined;
}

/** The whole answer: `n` choices that quote the last user message, or `n` tool calls. */
export function answer(chat: ChatRequest): { choices: Choice[]; usage: Usage } {
  const text = `Hello! This is aifd's built-in demo. You said: "${lastUserText(chat)}". It came through the gateway word by word.`;
  const choices = Array.from({ length: chat.n }, (_, index) => choice(index, text, chat.tool));
  const prompt = words(chat.messages.map(textOf).join(' ')).length;
  const completion = chat.n * (chat.tool ? 1 : words(text).length);
  return {
    choices,
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  };
}

function choice(index: number, text: string, tool: string | undefined): Choice {
  if (!tool) return { index, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
  const call = {
    id: `call_demo_${index}`,
    type: 'function' as const,
    function: { name: tool, arguments: '{}' },
  };
  return {
    index,
    message: { role: 'assistant', content: null, tool_calls: [call] },
    finish_reason: 'tool_calls',
  };
}

function lastUserText(chat: ChatRequest): string {
  const last = chat.messages.findLast((message) => message.role === 'user');
  return last ? textOf(last) : '';
}

function textOf(message: { content?: unknown }): string {
  if (typeof message.content === 'string') return message.content;
  if (!Array.isArray(message.content)) return '';
  return message.content
    .map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join(' ');
}

/** Splits after each run of white space, so that joining the words gives the text again. */
export function words(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}
