import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { Socket, SocketHandler } from 'bun';
import type { Connection } from './connection.ts';
import { WireFailure, type FailureKind } from './failure.ts';
import { dialTlsInTls } from './tls-in-tls.ts';
import type { Origin, Proxy } from './types.ts';

type Peer = Pick<Origin, 'protocol' | 'hostname' | 'port'>;

const handshakes = new WeakMap<Connection, PromiseWithResolvers<void>>();

const handlers: SocketHandler<Connection> = {
  open: (socket) => void (socket.data.socket ??= socket),
  // After an upgrade to TLS the raw socket still tells of its encrypted bytes: they are not ours.
  data: (socket, bytes) => {
    if (socket.data.socket === socket) socket.data.onData(bytes);
  },
  drain: (socket) => {
    if (socket.data.socket === socket) socket.data.onDrain();
  },
  end: (socket) => socket.data.onEnd(),
  close: (socket, error) => {
    socket.data.onClose(error);
    handshakes
      .get(socket.data)
      ?.reject(new WireFailure('tls', 'it closed the connection in the TLS handshake'));
  },
  // A close event follows, with the error.
  error() {},
  handshake: (socket, ok, error) => {
    const waiting = handshakes.get(socket.data);
    if (!waiting) return;
    if (ok && !error) waiting.resolve();
    else waiting.reject(new WireFailure('tls', `TLS: ${error?.message ?? 'the handshake failed'}`));
  },
};

/**
 * Opens `connection`'s socket to `origin`, through its proxy and TLS where it has them.
 * @param timeoutMs - for all of it together; 0 is none
 * @throws {@link WireFailure} `dns`, `refused`, `connect_timeout`, `tls`, `proxy` or `unreachable`
 */
export async function dial(origin: Origin, connection: Connection, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  let gaveUp = false;
  const timer =
    timeoutMs > 0
      ? setTimeout(() => {
          gaveUp = true;
          late.reject(new WireFailure('connect_timeout', `no connection within ${timeoutMs / 1000} s`));
        }, timeoutMs)
      : undefined;
  const opening = open(origin, connection);
  try {
    await Promise.race([opening, late.promise]);
  } catch (error) {
    // The socket may still open behind our back: let it go when it does.
    if (gaveUp) void opening.catch(() => {}).then(() => connection.socket?.terminate());
    else connection.socket?.terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function open(origin: Origin, connection: Connection): Promise<void> {
  const { proxy } = origin;
  if (!proxy || origin.protocol === 'http:')
    return void (await connect(proxy ?? origin, connection, proxy !== undefined));
  if (proxy.protocol === 'https:')
    return dialTlsInTls(origin, proxy, connectRequest(origin, proxy), connection);
  const socket = await connect(proxy, connection, true);
  await openTunnel(connectRequest(origin, proxy), connection);
  await upgrade(origin, connection, socket);
}

/** TCP, and TLS where the peer speaks it. */
async function connect(peer: Peer, connection: Connection, isProxy: boolean): Promise<Socket<Connection>> {
  let socket: Socket<Connection>;
  const secure = peer.protocol === 'https:';
  const handshake = secure ? awaitHandshake(connection) : undefined;
  const begun = performance.now();
  try {
    socket = await Bun.connect<Connection>({
      hostname: bare(peer.hostname),
      port: peer.port,
      data: connection,
      socket: handlers,
      ...(secure ? { tls: tlsOptions(peer.hostname) } : {}),
    });
  } catch (error) {
    handshakes.delete(connection);
    throw explain(error, isProxy);
  }
  connection.socket = socket;
  connection.roundTrip = performance.now() - begun;
  if (!handshake) return socket;
  await handshake;
  verify(peer.hostname, socket);
  return socket;
}

/** The proxy's `CONNECT` (RFC 9110 §9.3.6). */
function connectRequest(origin: Origin, proxy: Proxy): string {
  const host = origin.hostname.includes(':') ? `[${bare(origin.hostname)}]` : origin.hostname;
  const authority = `${host}:${origin.port}`;
  const auth = proxy.authorization ? `Proxy-Authorization: ${proxy.authorization}\r\n` : '';
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${auth}\r\n`;
}

async function openTunnel(request: string, connection: Connection): Promise<void> {
  const answered = Promise.withResolvers<string>();
  let text = '';
  connection.takeOver({
    data(bytes) {
      text += bytes.toString('latin1');
      if (text.includes('\r\n\r\n') || text.length > 16_384) answered.resolve(text);
    },
    close: () => answered.resolve(''),
  });
  const begun = performance.now();
  connection.socket.write(Buffer.from(request, 'latin1'));
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(await answered.promise)?.[1];
  connection.roundTrip = performance.now() - begun;
  if (!status?.startsWith('2')) {
    connection.socket.terminate();
    throw new WireFailure(
      'proxy',
      status ? `the proxy answered ${status}` : 'the proxy closed the connection',
    );
  }
  connection.handBack();
}

/** TLS to the upstream inside the proxy's tunnel. */
async function upgrade(origin: Origin, connection: Connection, plain: Socket<Connection>): Promise<void> {
  const handshake = awaitHandshake(connection);
  const [, secured] = plain.upgradeTLS<Connection>({
    data: connection,
    socket: handlers,
    tls: tlsOptions(origin.hostname),
  });
  connection.socket = secured;
  await handshake;
  verify(origin.hostname, secured);
}

function awaitHandshake(connection: Connection): Promise<void> {
  const waiting = Promise.withResolvers<void>();
  handshakes.set(connection, waiting);
  // Nobody may be waiting yet when it fails.
  waiting.promise.catch(() => {});
  return waiting.promise.finally(() => handshakes.delete(connection));
}

function tlsOptions(hostname: string): Bun.TLSOptions {
  // SNI carries names only (RFC 6066 §3). Never an empty object: to Bun that means no TLS.
  return isIP(bare(hostname))
    ? { rejectUnauthorized: true }
    : { rejectUnauthorized: true, serverName: hostname };
}

/** Bun.connect checks the chain; that the certificate is this host's is checked here. */
function verify(hostname: string, socket: Socket<Connection>): void {
  const authorization = socket.getAuthorizationError();
  const certificate = socket.getPeerCertificate() as unknown as PeerCertificate | undefined;
  const problem =
    authorization ??
    (certificate ? checkServerIdentity(bare(hostname), certificate) : new Error('no certificate'));
  if (!problem) return;
  socket.terminate();
  throw new WireFailure('tls', `TLS: ${problem.message}`);
}

/** IPv6 addresses stand in brackets in a URL only. */
function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

const reasons: Record<string, { kind: FailureKind; message: string }> = {
  ECONNREFUSED: { kind: 'refused', message: 'connection refused' },
  ENOTFOUND: { kind: 'dns', message: 'its name cannot be resolved (ENOTFOUND)' },
  EAI_AGAIN: { kind: 'dns', message: 'its name cannot be resolved now (EAI_AGAIN)' },
  ETIMEDOUT: { kind: 'connect_timeout', message: 'connection timed out' },
};

function explain(error: unknown, isProxy: boolean): WireFailure {
  if (error instanceof WireFailure) return error;
  const code = String((error as { code?: unknown }).code ?? '');
  const known = reasons[code];
  const message = known?.message ?? (code || String((error as Error).message ?? error));
  if (isProxy) return new WireFailure('proxy', `the proxy cannot be reached: ${message}`);
  return new WireFailure(known?.kind ?? (code.startsWith('DNS') ? 'dns' : 'unreachable'), message);
}
