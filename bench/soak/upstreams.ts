import { freePort } from '../measure/processes.ts';

/** What the answers of {@link startUpstreams} say, again and again. */
export const word = 'hello ';
const event = `data: ${JSON.stringify({ id: 'soak', choices: [{ index: 0, delta: { content: word }, finish_reason: null }] })}\n\n`;
const lastEvent = `data: ${JSON.stringify({ id: 'soak', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`;
const streamHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Where each of them is, by the route prefix that the soaked aifd has for it. */
export type Places = Readonly<Record<'well' | 'cached' | 'refused' | 'reset' | 'silent' | 'stalled', string>>;

/** Upstreams that are well, and those that are not. */
export function startUpstreams(): { places: Places; stop(): void } {
  const well = startWell();
  const reset = startRaw((socket) => {
    if (Math.random() < 0.5) return void socket.terminate();
    socket.write(streamHead + chunk(event).repeat(3));
    setTimeout(() => socket.terminate(), 5);
  });
  const silent = startRaw(() => {});
  const stalled = startRaw((socket) => void socket.write(streamHead + chunk(event)));
  return {
    places: {
      well: url(well.port!),
      // The same, by another base: two prefixes of one target would be one place.
      cached: `${url(well.port!)}/cached`,
      refused: url(freePort()),
      reset: url(reset.port),
      silent: url(silent.port),
      stalled: url(stalled.port),
    },
    stop: () => [well, reset, silent, stalled].forEach((one) => void one.stop(true)),
  };
}

/** Answers JSON of `size` bytes, or `events` events a millisecond apart; echoes the messages of a WebSocket. */
function startWell() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request, server) {
      if (server.upgrade(request)) return undefined;
      const query = new URL(request.url).searchParams;
      const { stream } = (await request.json()) as { stream: boolean };
      if (stream) return streamed(Number(query.get('events') ?? 10));
      const content = 'x'.repeat(Number(query.get('size') ?? 400));
      const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
      return Response.json({ id: 'soak', object: 'chat.completion', choices });
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  });
}

function streamed(events: number): Response {
  const stream = new ReadableStream<string>({
    async pull(controller) {
      for (let i = 0; i < events; i++) {
        controller.enqueue(event);
        await Bun.sleep(1);
      }
      controller.enqueue(`${lastEvent}data: [DONE]\n\n`);
      controller.close();
    },
  });
  return new Response(stream.pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/event-stream' },
  });
}

const url = (port: number): string => `http://127.0.0.1:${port}`;

function startRaw(onRequest: (socket: Bun.Socket<undefined>) => void): Bun.TCPSocketListener<undefined> {
  return Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket) => onRequest(socket) },
  });
}
