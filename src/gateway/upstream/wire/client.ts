import type { RequestBody } from '../../body.ts';
import type { Connection } from './connection.ts';
import { deadlines, type Watched } from './deadlines.ts';
import type { Origin } from './types.ts';
import { WireFailure } from './failure.ts';
import { Pool } from './pool.ts';
import type { Answer, ClientWatch, Limits } from './types.ts';

/** A request as it goes on the wire. */
export interface WireRequest {
  readonly method: string;
  /** The path with its query, from the first `/`. */
  readonly path: string;
  /** Header lines, each with its CRLF, without Host and without framing. */
  readonly headers: string;
  readonly body: RequestBody;
  /** When the exchange began: its total limit spans all attempts. ms on the clock of `performance.now()`. */
  readonly started: number;
  /** The client's request, whose signal is aborted when the client leaves. */
  readonly client: ClientWatch;
  /** A WebSocket's handshake. */
  readonly upgrade: boolean;
}

/** Seconds and bytes a client may take; 0 is no limit. */
export interface WireLimits {
  readonly connectTimeout: number;
  readonly firstByteTimeout: number;
  readonly idleTimeout: number;
  readonly totalTimeout: number;
  readonly maxBodySize: number;
}

interface BodyReader {
  read(): Promise<{ done: true } | { done: false; value: Uint8Array }>;
  cancel(): Promise<void>;
}

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** An HTTP/1.1 client to one origin: pooled connections, exact limits, nothing added and nothing retried by itself. */
export class WireClient {
  private readonly pool: Pool;
  private readonly host: string;
  private readonly pathPrefix: string;
  private readonly proxyLine: string;
  private readonly limits: Limits;

  constructor(
    origin: Origin,
    private readonly wireLimits: WireLimits,
  ) {
    this.pool = new Pool(origin, deadlines);
    const { hostname } = origin;
    const bracketed = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
    const standard = origin.protocol === 'https:' ? 443 : 80;
    this.host = origin.port === standard ? bracketed : `${bracketed}:${origin.port}`;
    // To a proxy, plain http goes in absolute form (RFC 9112 §3.2.2); https goes through a tunnel.
    const viaProxy = origin.proxy !== undefined && origin.protocol === 'http:';
    this.pathPrefix = viaProxy ? `http://${this.host}` : '';
    const authorization = viaProxy ? origin.proxy?.authorization : undefined;
    this.proxyLine = authorization ? `Proxy-Authorization: ${authorization}\r\n` : '';
    this.limits = {
      firstByte: wireLimits.firstByteTimeout * 1000,
      idle: wireLimits.idleTimeout * 1000,
      total: wireLimits.totalTimeout * 1000,
    };
  }

  /**
   * Sends a request once.
   * @param fresh - never on a pooled connection
   * @throws {@link WireFailure}
   */
  send(request: WireRequest, fresh: boolean): Promise<Answer> {
    const pooled = fresh ? undefined : this.pool.take();
    return pooled ? this.start(pooled, request) : this.dialAndStart(request);
  }

  private async dialAndStart(request: WireRequest): Promise<Answer> {
    const { total } = this.limits;
    const connect = this.wireLimits.connectTimeout * 1000;
    const left = total > 0 ? total - (performance.now() - request.started) : Infinity;
    const totalFirst = total > 0 && (connect === 0 || left < connect);
    const outOfTime = (): WireFailure => new WireFailure('total_timeout', `${total / 1000} s`);
    if (left <= 0) throw outOfTime();
    const connection = await this.pool.connect(totalFirst ? left : connect).catch((failure: WireFailure) => {
      throw totalFirst && failure.kind === 'connect_timeout' ? outOfTime() : failure;
    });
    // It took a while: the client may have left meanwhile.
    if (!request.client.signal.aborted) return this.start(connection, request);
    this.pool.released(connection);
    throw new WireFailure('aborted', 'the client left');
  }

  private start(connection: Connection, request: WireRequest): Promise<Answer> {
    if (!connection.open)
      return Promise.reject(
        new WireFailure('disconnected', 'it closed the connection before the request went out', true),
      );
    const answer = connection.begin(request, this.limits);
    this.write(connection, request);
    return answer;
  }

  /** Closes idle connections. */
  close(): void {
    this.pool.closeIdle();
  }

  private write(connection: Connection, { method, path, headers, body }: WireRequest): void {
    const head = `${method} ${this.pathPrefix}${path} HTTP/1.1\r\nHost: ${this.host}\r\n${this.proxyLine}${headers}`;
    if (body.kind === 'stream') {
      const framing =
        body.length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
      connection.send(Buffer.from(`${head}${framing}\r\n\r\n`, 'latin1'));
      void new Upload(connection, body, this.wireLimits).run();
      return;
    }
    if (body.kind === 'none') {
      connection.send(Buffer.from(`${head}\r\n`, 'latin1'));
    } else {
      connection.send(withBody(`${head}Content-Length: ${body.bytes.length}\r\n\r\n`, body.bytes));
    }
    connection.sent();
  }
}

/** Head and body in one buffer: one system call for the usual request. */
function withBody(head: string, body: Uint8Array): Uint8Array {
  const whole = Buffer.allocUnsafe(head.length + body.length);
  whole.write(head, 'latin1');
  whole.set(body, head.length);
  return whole;
}

/** Carries a streamed request body upstream, no faster than the upstream reads it. */
class Upload implements Watched {
  watchedAt = -1;
  private progress = deadlines.now;
  private total = 0;
  private waitingForClient = false;
  private readonly exchange: number;

  constructor(
    private readonly connection: Connection,
    private readonly body: RequestBody & { kind: 'stream' },
    private readonly limits: WireLimits,
  ) {
    this.exchange = connection.exchange;
  }

  async run(): Promise<void> {
    deadlines.add(this);
    this.body.consumed = true;
    const reader = this.body.stream.getReader() as unknown as BodyReader;
    try {
      await this.pump(reader);
    } catch {
      // Reading from the client failed: it left.
      if (this.live) this.connection.cancel();
    } finally {
      deadlines.delete(this);
    }
  }

  check(now: number): void {
    const limit = this.limits.idleTimeout * 1000;
    if (limit === 0 || !this.waitingForClient || now - this.progress <= limit || !this.live) return;
    this.connection.abort(
      new WireFailure('upload_timeout', `no bytes from the client for ${this.limits.idleTimeout} s`),
    );
  }

  /** The exchange still stands: it may be over before the upload is (an early 413, say). */
  private get live(): boolean {
    return this.connection.open && this.connection.exchange === this.exchange;
  }

  private async pump(reader: BodyReader): Promise<void> {
    const chunked = this.body.length === undefined;
    for (;;) {
      this.waitingForClient = true;
      this.progress = deadlines.now;
      const next = await reader.read();
      this.waitingForClient = false;
      if (!this.live) return void reader.cancel().catch(() => {});
      if (next.done) break;
      const { value } = next;
      // As a chunk it would be the last one.
      if (value.length === 0) continue;
      if (!this.admits(value.length)) return void reader.cancel().catch(() => {});
      this.body.watch?.chunk(value);
      await this.connection.send(chunked ? asChunk(value) : value);
    }
    if (chunked) await this.connection.send(LAST_CHUNK);
    if (this.live) this.connection.sent();
  }

  private admits(bytes: number): boolean {
    this.total += bytes;
    const { maxBodySize } = this.limits;
    if (maxBodySize === 0 || this.total <= maxBodySize) return true;
    this.connection.abort(
      new WireFailure('upload_too_large', `the request body is over ${maxBodySize} bytes`),
    );
    return false;
  }
}

function asChunk(piece: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
}
