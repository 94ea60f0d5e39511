import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Connection } from './connection.ts';
import type { Origin, Proxy } from './types.ts';
import { WireFailure } from './failure.ts';
import type { WireSocket } from './types.ts';

/**
 * Opens a connection to an https origin through a proxy that is itself reached by TLS. Bun's own sockets can't wrap TLS
 * in TLS; node's can, and this pair is rare enough to pay for it.
 * @throws {@link WireFailure} `proxy` or `tls`
 */
export async function dialTlsInTls(
  origin: Origin,
  proxy: Proxy,
  connectRequest: string,
  connection: Connection,
): Promise<void> {
  const outer = connect({ host: proxy.hostname, port: proxy.port, ...serverName(proxy.hostname) });
  connection.socket = adapt(outer);
  await secured(outer, 'proxy');
  const begun = performance.now();
  outer.write(connectRequest);
  const status = await proxyStatus(outer);
  connection.roundTrip = performance.now() - begun;
  if (!status?.startsWith('2')) {
    outer.destroy();
    throw new WireFailure(
      'proxy',
      status ? `the proxy answered ${status}` : 'the proxy closed the connection',
    );
  }
  const inner = connect({ socket: outer, ...serverName(origin.hostname) });
  connection.socket = adapt(inner);
  await secured(inner, 'tls');
  let problem: Error | undefined;
  inner.on('data', (bytes: Buffer) => connection.onData(bytes));
  inner.on('drain', () => connection.onDrain());
  inner.on('end', () => connection.onEnd());
  inner.on('error', (error) => (problem = error));
  inner.on('close', () => connection.onClose(problem));
}

function serverName(hostname: string): { servername?: string } {
  return isIP(hostname) === 0 ? { servername: hostname } : {};
}

/** Resolves after the handshake; node checks the chain and the name. */
function secured(socket: TLSSocket, kind: 'proxy' | 'tls'): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error?: Error): void => {
      socket.destroy();
      reject(new WireFailure(kind, `TLS: ${error?.message ?? 'the connection was closed in the handshake'}`));
    };
    socket.once('error', failed);
    socket.once('close', () => failed());
    socket.once('secureConnect', () => {
      socket.removeAllListeners('error').removeAllListeners('close');
      socket.on('error', () => {});
      resolve();
    });
  });
}

/** The status of the proxy's answer to CONNECT; undefined when it closed instead. */
function proxyStatus(socket: TLSSocket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (!text.includes('\r\n\r\n') && text.length < 16_384) return;
      socket.removeAllListeners('data').removeAllListeners('close');
      resolve(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]);
    });
    socket.once('close', () => resolve(undefined));
  });
}

/** A node socket as {@link Connection} uses one: what it can't take now is refused, not kept. */
function adapt(socket: TLSSocket): WireSocket {
  let full = false;
  socket.on('drain', () => (full = false));
  return {
    write(bytes) {
      if (full) return 0;
      full = !socket.write(bytes);
      return bytes.length;
    },
    end: () => void socket.end(),
    terminate: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}
