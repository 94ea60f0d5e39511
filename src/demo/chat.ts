import { isObject } from './answers.ts';

/**
 * Streams one chat through `baseUrl` and writes its tokens as they come.
 *
 * @param baseUrl where to send it, without `/v1`, such as `http://127.0.0.1:8000`.
 * @param write takes each piece of text; line ends are included.
 * @throws Error when the answer is not a 200, or ends before `data: [DONE]`.
 */
export async function demoChat(baseUrl: string, write: (text: string) => void): Promise<void> {
  const model = 'demo-chat';
  const content = 'Hello from the other side of the gateway';
  write(`> POST /v1/chat/completions  ${JSON.stringify({ model, stream: true })}\n> ${content}\n`);
  const response = await fetch(`${baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] }),
  });
  if (!response.ok || !response.body) {
    throw new Error(`the demo chat was answered with ${response.status}: ${await response.text()}`);
  }
  let done = false;
  for await (const data of dataLines(response.body)) {
    if (data === '[DONE]') done = true;
    else write(textOf(data));
  }
  if (!done) throw new Error('the demo chat ended before its [DONE]');
}

async function* dataLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

/** The words of a chunk; a line end at the finish, so that the access line, written after [DONE], starts a line. */
function textOf(data: string): string {
  const event: unknown = JSON.parse(data);
  const choice: unknown = isObject(event) && Array.isArray(event.choices) ? event.choices[0] : undefined;
  if (!isObject(choice)) return '';
  const text = isObject(choice.delta) && typeof choice.delta.content === 'string' ? choice.delta.content : '';
  return typeof choice.finish_reason === 'string' ? `${text}\n` : text;
}
