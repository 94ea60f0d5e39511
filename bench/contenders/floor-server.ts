/**
 * The floor of the runtime, its own process: `bun bench/contenders/floor-server.ts PORT UPSTREAM forward|answer`. The least
 * that Bun can do of what aifd does, with nothing checked, limited or told: it is right for the bench's mock alone.
 */
import { ChunkedDecoder } from '../../src/gateway/upstream/wire/chunked.ts';
import { realKey } from './contender.ts';

const [port, upstream, mode] = process.argv.slice(2);

/** One upstream connection, and who waits for what it brings. */
interface Wire {
  socket: Bun.Socket<Wire>;
  taken(bytes: Buffer): void;
}

interface Sink {
  write(bytes: Uint8Array): void;
  flush(): void;
  end(): void;
}

const idle: Wire[] = [];
const kept = new Map<string, { body: Uint8Array; type: string }>();

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  idleTimeout: 0,
  routes: { '/v1/chat/completions': { POST: mode === 'answer' ? answer : forward } },
});

/** What was asked before is answered from memory: the floor of a cache hit. */
async function answer(request: Request): Promise<Response> {
  const body = await request.bytes();
  const question = Bun.hash(body).toString();
  const known = kept.get(question);
  if (known) return new Response(known.body, { headers: { 'content-type': known.type } });
  const response = await ask(request, body);
  const type = response.headers.get('content-type') ?? '';
  const whole = await response.bytes();
  kept.set(question, { body: whole, type });
  return new Response(whole, { headers: { 'content-type': type } });
}

async function forward(request: Request): Promise<Response> {
  return ask(request, await request.bytes());
}

async function ask(request: Request, body: Uint8Array): Promise<Response> {
  const wire = idle.pop() ?? (await connect());
  return new Promise((resolve) => {
    wire.taken = (bytes) => began(wire, bytes, resolve);
    wire.socket.write(withHead(request, body));
  });
}

async function connect(): Promise<Wire> {
  const wire: Wire = { socket: undefined as never, taken() {} };
  const socket = { data: (_: unknown, bytes: Buffer) => wire.taken(bytes) };
  wire.socket = await Bun.connect<Wire>({ hostname: '127.0.0.1', port: Number(upstream), socket });
  return wire;
}

function withHead(request: Request, body: Uint8Array): Uint8Array {
  const url = request.url;
  let head = `POST ${url.slice(url.indexOf('/', 8))} HTTP/1.1\r\nHost: 127.0.0.1:${upstream}\r\n`;
  request.headers.forEach((value, name) => {
    if (name !== 'host' && name !== 'authorization' && name !== 'connection') head += `${name}: ${value}\r\n`;
  });
  head += `authorization: Bearer ${realKey}\r\n\r\n`;
  const whole = Buffer.allocUnsafe(head.length + body.length);
  whole.write(head, 'latin1');
  whole.set(body, head.length);
  return whole;
}

/** The first read of an answer: its head, and for JSON all of it. */
function began(wire: Wire, bytes: Buffer, resolve: (response: Response) => void): void {
  const end = bytes.indexOf('\r\n\r\n');
  const [, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const rest = bytes.subarray(end + 4);
  const isChunked = lines.some((line) => line.startsWith('Transfer-Encoding'));
  if (isChunked) return resolve(withFields(new Response(streamed(wire, rest)), lines));
  const length = Number(/^Content-Length: (\d+)$/m.exec(lines.join('\n'))?.[1]);
  gather(wire, [rest], length, (whole) => resolve(withFields(new Response(whole), lines)));
}

function withFields(response: Response, lines: readonly string[]): Response {
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (name !== 'Content-Length' && name !== 'Transfer-Encoding')
      response.headers.append(name, line.slice(colon + 2));
  }
  return response;
}

function gather(wire: Wire, pieces: Buffer[], length: number, done: (whole: Uint8Array) => void): void {
  const came = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (came < length) {
    wire.taken = (bytes) => gather(wire, [...pieces, bytes], length, done);
    return;
  }
  idle.push(wire);
  done(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
}

function streamed(wire: Wire, first: Buffer): ReadableStream {
  const decoder = new ChunkedDecoder();
  const waiting = [first];
  wire.taken = (bytes) => waiting.push(bytes);
  const pull = (sink: Sink): Promise<void> =>
    new Promise((resolve) => {
      wire.taken = (bytes) => {
        decoder.feed(bytes, (piece) => sink.write(piece));
        if (!decoder.done) return sink.flush();
        idle.push(wire);
        sink.end();
        resolve();
      };
      for (const bytes of waiting) wire.taken(bytes);
    });
  return new ReadableStream({ type: 'direct', pull } as unknown as Bun.DirectUnderlyingSource);
}
