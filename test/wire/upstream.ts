import type { Socket, TCPSocketListener } from 'bun';
import { Dice } from '../support/random.ts';
import { marked, plan, type Plan } from './plan.ts';

const requestLine = /^(GET|HEAD|POST) \/v1\/e\/(\d+) HTTP\/1\.1$/;
const later = (most: number, dice: Dice): Promise<void> => Bun.sleep(dice.int(1, most));

/** Answers each exchange by its plan, and notes every byte that is not what the plan's client sent. */
export class ModelUpstream {
  /** What must never happen. */
  readonly crossed: string[] = [];
  /** Requests that came whole. */
  whole = 0;
  /** How often each was worked on for a while, before its connection was closed without a response. */
  readonly begun = new Map<number, number>();
  connections = 0;
  private readonly server: TCPSocketListener<Reader>;

  constructor(readonly seed: number) {
    this.server = Bun.listen<Reader>({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (socket) => {
          socket.data = new Reader(this, new Writer(socket), ++this.connections);
        },
        data: (socket, bytes) => socket.data.feed(bytes),
        drain: (socket) => socket.data.writer.drain(),
        close: (socket) => socket.data.writer.closed(),
        error() {},
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  close(): void {
    this.server.stop(true);
  }
}

/** Writes all that it is given, as the socket takes it. */
class Writer {
  isClosed = false;
  private waiting: Uint8Array[] = [];

  constructor(readonly socket: Socket<Reader>) {}

  write(bytes: string | Uint8Array): void {
    if (this.isClosed) return;
    this.waiting.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    if (this.waiting.length === 1) this.drain();
  }

  drain(): void {
    while (this.waiting.length > 0) {
      const first = this.waiting[0]!;
      const written = Math.max(0, this.socket.write(first));
      if (written < first.length) return void (this.waiting[0] = first.subarray(written));
      this.waiting.shift();
    }
  }

  end(): void {
    this.isClosed = true;
    this.socket.end();
  }

  die(): void {
    this.socket.terminate();
  }

  closed(): void {
    this.isClosed = true;
    this.waiting = [];
  }
}

interface Incoming {
  readonly plan: Plan;
  readonly chunked: boolean;
  readonly whole: PromiseWithResolvers<void>;
  remaining: number;
  offset: number;
}

/** Reads the requests of one connection as strictly as an upstream can. */
class Reader {
  private bytes: Buffer = Buffer.alloc(0);
  private current: Incoming | undefined;
  private broken = false;

  constructor(
    private readonly upstream: ModelUpstream,
    readonly writer: Writer,
    readonly number: number,
  ) {}

  feed(bytes: Buffer): void {
    // What comes after it has closed is not answered, and so not begun.
    if (this.broken || this.writer.isClosed) return;
    this.bytes = this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
    while (!this.broken && (this.current ? this.body(this.current) : this.head()));
  }

  private fault(what: string): false {
    this.broken = true;
    this.upstream.crossed.push(`connection ${this.number}: ${what}`);
    return false;
  }

  private head(): boolean {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0) {
      const start = this.bytes.toString('latin1', 0, 8);
      return start === '' || /^(?:G|H|P|GE|HE|PO)$|^(?:GET|HEAD|POS)/.test(start)
        ? false
        : this.fault(`${JSON.stringify(start)} where a request begins`);
    }
    const [start = '', ...lines] = this.bytes.toString('latin1', 0, end).split('\r\n');
    this.bytes = this.bytes.subarray(end + 4);
    const [, method, number] = requestLine.exec(start) ?? [];
    if (number === undefined) return this.fault(`${JSON.stringify(start)} where a request begins`);
    const fields = new Map(lines.map((line) => [line.split(': ')[0]!.toLowerCase(), line.split(': ')[1]]));
    const its = plan(this.upstream.seed, Number(number));
    if (method !== its.method || fields.get('x-exchange') !== number)
      return this.fault(`a head of ${fields.get('x-exchange')} under the path of ${number}`);
    this.current = {
      plan: its,
      chunked: fields.get('transfer-encoding') === 'chunked',
      whole: Promise.withResolvers(),
      remaining: Number(fields.get('content-length') ?? 0),
      offset: 0,
    };
    void respond(this.upstream, this.writer, its, this.current.whole.promise);
    return true;
  }

  private body(incoming: Incoming): boolean {
    if (incoming.chunked && incoming.remaining === 0) {
      const end = this.bytes.indexOf('\r\n');
      if (end < 0) return false;
      const size = this.bytes.toString('latin1', 0, end);
      if (!/^[0-9a-f]+$/.test(size)) return this.fault(`${JSON.stringify(size)} where a chunk begins`);
      if (size === '0') {
        if (this.bytes.length < end + 4) return false;
        this.bytes = this.bytes.subarray(end + 4);
        return this.done(incoming);
      }
      // The two bytes that end a chunk are cut off with its last piece.
      incoming.remaining = Number.parseInt(size, 16);
      this.bytes = this.bytes.subarray(end + 2);
    }
    const piece = this.bytes.subarray(0, incoming.remaining);
    if (!marked(incoming.plan.id, piece.length, incoming.offset).equals(piece))
      return this.fault(`foreign bytes in the body of ${incoming.plan.id}`);
    if (incoming.chunked && piece.length === incoming.remaining) {
      if (this.bytes.length < piece.length + 2) return false;
      this.bytes = this.bytes.subarray(2);
    }
    incoming.remaining -= piece.length;
    incoming.offset += piece.length;
    this.bytes = this.bytes.subarray(piece.length);
    if (incoming.chunked) return piece.length > 0 && this.bytes.length > 0;
    return incoming.remaining === 0 && this.done(incoming);
  }

  private done({ whole }: Incoming): true {
    this.upstream.whole++;
    this.current = undefined;
    whole.resolve();
    return true;
  }
}

/** One response by its plan. */
async function respond(upstream: ModelUpstream, to: Writer, its: Plan, whole: Promise<void>): Promise<void> {
  const { id, method, behaviour, responseBytes, dice } = its;
  const body = marked(id, responseBytes);
  const own = `X-Exchange: ${id}\r\nContent-Type: text/plain\r\n`;
  const sized = `${own}Content-Length: ${body.length}\r\n\r\n`;
  const forged = Buffer.from(
    `HTTP/1.1 200 OK\r\n${own}Content-Length: 12\r\n\r\n${marked(id, 12).toString()}`,
  );
  const say = async (head: string, content: Uint8Array = Buffer.alloc(0)): Promise<void> => {
    const isBodiless = content.length === 0 || method === 'HEAD';
    // Behind a body, bytes that come later can't be told from the next response: no proxy could hold that.
    const surplus = its.surplus === 'late' && !isBodiless ? 'none' : its.surplus;
    const sent = method === 'HEAD' && surplus === 'none' ? Buffer.alloc(0) : content;
    to.write(Buffer.concat([Buffer.from(head), sent, surplus === 'same' ? forged : Buffer.alloc(0)]));
    if (surplus !== 'late') return;
    await later(6, dice);
    to.write(forged);
  };
  const chunks = Buffer.concat([
    Buffer.from(`${body.length.toString(16)}\r\n`),
    body,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  const OK = 'HTTP/1.1 200 OK\r\n';
  switch (behaviour) {
    case 'early':
      return say(`HTTP/1.1 413 Too Large\r\n${sized}`, body);
    case 'early-stall':
      to.socket.pause();
      await say(`HTTP/1.1 413 Too Large\r\n${sized}`, body);
      await later(20, dice);
      return void (to.isClosed || to.socket.resume());
    case 'early-die':
      await say(`HTTP/1.1 413 Too Large\r\n${sized}`, body);
      return to.die();
    case 'half': {
      if (method === 'HEAD') break;
      to.write(OK + sized);
      await whole;
      return to.write(body);
    }
  }
  await whole;
  switch (behaviour) {
    case 'chunked':
      return say(`${OK}${own}Transfer-Encoding: chunked\r\n\r\n`, chunks);
    case 'close':
      to.write(`${OK}${own}\r\n`);
      to.write(method === 'HEAD' ? '' : body);
      return to.end();
    case 'old':
      return say(`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${sized}`, body);
    case 'empty':
      return say(`${OK}${own}Content-Length: 0\r\n\r\n`);
    case 'none':
      return say(`HTTP/1.1 204 No\r\n${own}\r\n`);
    case 'unchanged':
      return say(`HTTP/1.1 304 Same\r\n${sized}`);
    case 'interim':
      return say(`HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hints\r\nX-Exchange: hint\r\n\r\n${OK}${sized}`, body);
    case 'both':
      return say(`${OK}${own}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, chunks);
    case 'two-lengths':
      return say(`${OK}Content-Length: 3\r\n${sized}`, body);
    case 'interims':
      return say('HTTP/1.1 102 Wait\r\n\r\n'.repeat(200) + OK + sized, body);
    case 'switch':
      return say(`HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${own}\r\n`, body);
    case 'end-before':
      return to.end();
    case 'die-before':
      return to.die();
    case 'end-late':
    case 'die-late':
      await Bun.sleep(40);
      if (to.isClosed) return;
      upstream.begun.set(id, (upstream.begun.get(id) ?? 0) + 1);
      return behaviour === 'end-late' ? to.end() : to.die();
    case 'die-middle':
      to.write(OK + sized + body.subarray(0, body.length / 2).toString());
      await later(3, dice);
      return to.die();
    case 'end-after':
      await say(OK + sized, body);
      await later(3, dice);
      return to.end();
    default:
      return say(OK + sized, body);
  }
}
