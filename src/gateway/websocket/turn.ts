import type { Exchange } from '../exchange.ts';
import type { Recorder } from '../observe/recorder.ts';
import { refuseFailed } from '../upstream/forward.ts';
import type { WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import { IncomingBody } from '../upstream/wire/incoming.ts';
import type { Answer } from '../upstream/wire/types.ts';

const dataField = Buffer.from('data: ');
const eventEnd = Buffer.from('\n\n');
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;

/** A turn has no connection of its own, and no client reads its body: the relay passes the messages. */
const noSource = { pause() {}, resume() {}, cancel() {} };
const noReader = { write() {}, flush() {}, end() {}, close() {} };

/**
 * One response over a WebSocket, for limits and records: an exchange whose answer is a stream of server-sent events, one for
 * each message. So usage, chat log, metrics and live viewers read it as they read the same response over HTTP.
 */
export class Turn {
  /** The response's own id, once the upstream said it. */
  responseId: string | undefined;
  /** The upstream's `response.created` has come. */
  isClaimed = false;
  private answer: Answer | undefined;
  private hasEntered = false;
  private isOver = false;

  /**
   * @param id - the request id of the connection, as the client got it
   * @param eventId - the id that the client gave its `response.create`
   * @param isRealtime - Realtime's form of the event, not that of the Responses API
   */
  constructor(
    readonly exchange: Exchange,
    private readonly id: string,
    readonly eventId: string | undefined,
    readonly isRealtime: boolean,
    private readonly recorder: Recorder | undefined,
  ) {
    recorder?.begun();
  }

  /** Passes the limits, as a request does. @returns the refusal, or undefined to go on */
  enter(): Response | undefined | Promise<Response | undefined> {
    const entering = this.exchange.ticket?.enter();
    if (!(entering instanceof Promise)) return this.entered(entering);
    return entering.then((refusal) => this.entered(refusal));
  }

  /** The event goes upstream now. */
  forwarded(): void {
    this.exchange.asked = performance.now();
    this.exchange.attempts = 1;
  }

  /** Bytes of its request that are held. */
  get heldBytes(): number {
    const { body } = this.exchange;
    return body.kind === 'bytes' ? body.bytes.length : 0;
  }

  /** Replaces the request that is recorded. */
  set request(bytes: Uint8Array) {
    this.exchange.body = { kind: 'bytes', bytes };
    this.exchange.reading = undefined;
  }

  /** Keeps no more of its request than its length. */
  letGoOfRequest(): void {
    const bytes = this.heldBytes;
    this.exchange.body = { kind: 'none' };
    this.exchange.reading = undefined;
    this.exchange.passing = {
      bytes,
      chunk() {},
      asked: () => ({ model: '', stream: true, truncated: true }),
    };
  }

  /** The limits refused it, and it did not go upstream. */
  refused(refusal: Response): void {
    refusal.headers.set('x-request-id', this.id);
    this.recorder?.refused(this.exchange, refusal);
  }

  /** True once the upstream said anything of it. */
  get hasBegun(): boolean {
    return this.answer !== undefined;
  }

  /** The upstream said the first of it. @param status - what the same answer over HTTP would have */
  begin(status = 200): void {
    if (this.answer) return;
    this.exchange.headed = performance.now();
    const body = new IncomingBody(noSource);
    this.answer = { head: headOf(status, this.id), body, upgraded: undefined };
    this.recorder?.answered(this.exchange, this.answer);
    if (this.hasEntered) this.settleLater(this.answer);
  }

  /** A message of its answer. The bytes are copied. */
  event(message: Buffer): void {
    this.begin();
    this.answer!.body.push(asEvent(message));
  }

  /** @param failure - what cut it short; undefined when the upstream ended it */
  end(failure?: WireFailure): void {
    if (this.isOver) return;
    this.isOver = true;
    const { answer, exchange } = this;
    if (answer && failure) answer.body.fail(failure);
    else if (answer) answer.body.end();
    else {
      exchange.ticket?.ended(failure);
      if (failure) this.refused(refuseFailed(failure, exchange.destination.upstream.target.name));
    }
  }

  private entered(refusal: Response | undefined): Response | undefined {
    this.hasEntered = true;
    // No sink wants it, and the response may last for minutes.
    if (!this.recorder?.wantsBodies(this.exchange)) this.exchange.reading?.forgetJson();
    if (this.answer) this.settleLater(this.answer);
    return refusal;
  }

  /** What is owed is known at the answer's end. Until the limits have decided, the body holds what came. */
  private settleLater(answer: Answer): void {
    this.exchange.ticket?.answered(answer);
    void answer.body.pipe(noReader);
  }
}

function headOf(status: number, id: string): ResponseHead {
  return {
    status,
    headers: [
      ['content-type', 'text/event-stream'],
      ['x-request-id', id],
    ],
    framing: { kind: 'chunked' },
    keepAlive: true,
    keepAliveSeconds: undefined,
    upgrade: false,
  };
}

/** A message as a server-sent event. JSON has line breaks between its tokens only: they become spaces. */
function asEvent(message: Buffer): Buffer {
  const event = Buffer.concat([dataField, message, eventEnd]);
  const end = event.length - eventEnd.length;
  for (const byte of [LINE_FEED, CARRIAGE_RETURN]) {
    for (let at = event.indexOf(byte); at >= 0 && at < end; at = event.indexOf(byte, at + 1))
      event[at] = SPACE;
  }
  return event;
}
