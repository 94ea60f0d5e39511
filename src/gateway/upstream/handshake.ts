import { createHash, randomBytes } from 'node:crypto';

/** True when the client asks for a WebSocket (RFC 6455 §4.1). */
export function wantsWebSocket(request: Request): boolean {
  return request.method === 'GET' && request.headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/** What a client's handshake says of its own hop; aifd's handshake with the upstream has its own. */
export const handshakeHeaders: ReadonlySet<string> = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-accept',
  'sec-websocket-protocol',
]);

/** Our half of the handshake: the lines to send and the answer they must get. */
export interface Handshake {
  /** @param protocols - the sub-protocols offered upstream, or null */
  lines(protocols: string | null): string;
  /** What `Sec-WebSocket-Accept` must say. */
  readonly accept: string;
}

/** A handshake under a new key. */
export function newHandshake(): Handshake {
  const key = randomBytes(16).toString('base64');
  const fixed = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`;
  return {
    lines: (protocols) => (protocols === null ? fixed : `${fixed}Sec-WebSocket-Protocol: ${protocols}\r\n`),
    accept: createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'),
  };
}
