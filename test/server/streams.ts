import { until } from '../support/until.ts';

/** An upstream whose answers are streams that the test drives. */
export function startStreams() {
  const open: ReadableStreamDefaultController<string>[] = [];
  let arrived = 0;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch() {
      arrived++;
      const stream = new ReadableStream<string>({
        start(controller) {
          open.push(controller);
          controller.enqueue('data: first\n\n');
        },
      });
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    get arrived(): number {
      return arrived;
    },
    /** Sends the rest of every stream and ends it. */
    finish(): void {
      for (const controller of open.splice(0)) {
        try {
          controller.enqueue('data: [DONE]\n\n');
          controller.close();
        } catch {
          // Its client has left.
        }
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await server.stop(true);
    },
  };
}

export const wholeStream = 'data: first\n\ndata: [DONE]\n\n';

/** A client's stream after its first event: `rest` gives all of the body, or rejects when it was cut. */
export async function openStream(url: string): Promise<{ rest(): Promise<string> }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: '{"stream":true}',
    headers: { 'content-type': 'application/json' },
    tls: { rejectUnauthorized: false },
  });
  const reader = response.body!.getReader();
  let text = '';
  const pull = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (value) text += Buffer.from(value).toString();
    return done;
  };
  await until(async () => (await pull()) || text.includes('first'), 'the first event comes');
  return {
    async rest() {
      while (!(await pull()));
      return text;
    },
  };
}
