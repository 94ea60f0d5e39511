import { freshPrompt, requestText } from './order.ts';
import type { SseTarget } from './order.ts';

/** One answer: milliseconds from sending the request, or why it was no good. */
export interface Answer {
  firstByte: number;
  end: number;
  problem?: string;
}

interface Open {
  text: string;
  /** An answer is owed: a close now breaks it. */
  waiting: boolean;
  sent: number;
  firstByte: number;
}

/** Calls for one connection of the load. */
export interface Hooks {
  /** The first event of an answer has come. */
  started?(): void;
  /** An answer is over; true asks for the next one on the same connection. */
  answered(answer: Answer): boolean;
}

/**
 * Opens a connection and sends the request; `hooks.answered` decides how many follow.
 * @param distinct each with a prompt of its own
 */
export function openStream(target: SseTarget, hooks: Hooks, distinct = false): void {
  const same = requestText(target);
  const request = (): string => (distinct ? requestText(target, freshPrompt()) : same);
  const started = performance.now();
  const finish = (socket: Bun.Socket<Open>, problem?: string): void => {
    const { sent, firstByte } = socket.data;
    const again = hooks.answered({ firstByte, end: performance.now() - sent, problem });
    const more = again && !problem;
    socket.data = { text: '', waiting: more, sent: performance.now(), firstByte: 0 };
    if (more) socket.write(request());
    else socket.terminate();
  };
  const failed = (problem: string): void =>
    void hooks.answered({ firstByte: 0, end: performance.now() - started, problem });
  Bun.connect<Open>({
    hostname: '127.0.0.1',
    port: target.port,
    data: { text: '', waiting: true, sent: started, firstByte: 0 },
    socket: {
      open: (socket) => void socket.write(request()),
      data(socket, bytes) {
        const open = socket.data;
        open.text += bytes.toString('latin1');
        if (open.firstByte === 0 && open.text.includes('data: ')) {
          open.firstByte = performance.now() - open.sent;
          hooks.started?.();
        }
        // Looking at the end only keeps the load cheap; the whole is checked once, when it is there.
        if (open.text.endsWith('\r\n0\r\n\r\n') || hasItsLength(open.text))
          finish(socket, problemOf(open.text, target.events));
        else if (!open.text.startsWith('HTTP/1.1 200') && open.text.includes('\r\n\r\n')) {
          finish(socket, firstLine(open.text));
        }
      },
      close(socket) {
        if (socket.data.waiting) failed('closed before the end of an answer');
      },
      connectError: () => failed('could not connect'),
      error: () => {},
    },
  }).catch(() => {});
}

/** Says what is wrong with a whole SSE answer of `events` events and `[DONE]`. */
export function problemOf(text: string, events: number): string | undefined {
  if (!text.startsWith('HTTP/1.1 200')) return firstLine(text);
  const rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  const body = hasItsLength(text) ? rest : decodeChunked(rest);
  if (body === undefined) return 'broken chunk framing';
  const count = body.split('data: {').length - 1;
  if (count !== events) return `${count} events instead of ${events}`;
  return body.endsWith('data: [DONE]\n\n') ? undefined : 'no [DONE] at the end';
}

/** A kept answer has a length. */
function hasItsLength(text: string): boolean {
  const length = /^content-length: (\d+)\r$/im.exec(text.slice(0, 1000))?.[1];
  return length !== undefined && text.length === text.indexOf('\r\n\r\n') + 4 + Number(length);
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\r\n'));
}

/** Undoes chunked framing; `undefined` when it is broken or something follows it. */
export function decodeChunked(text: string): string | undefined {
  let at = 0;
  let body = '';
  for (;;) {
    const line = text.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) return undefined;
    at = line + 2 + size;
    if (text.slice(at, at + 2) !== '\r\n') return undefined;
    if (size === 0) return at + 2 === text.length ? body : undefined;
    body += text.slice(line + 2, at);
    at += 2;
  }
}
