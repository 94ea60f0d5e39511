import { MOST_WHOLE } from '../body.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Purpose } from '../../openai/family.ts';
import type { Recorder } from '../observe/recorder.ts';
import { countsOf, fieldsOf } from '../../openai/usage/usage-counts.ts';
import { refuseFailed } from '../upstream/forward.ts';
import { deadlines, type Watched } from '../upstream/wire/deadlines.ts';
import { WireFailure } from '../upstream/wire/failure.ts';
import type { Limits } from '../upstream/wire/types.ts';
import { endsResponse, eventId, eventType, turnAsked } from './events.ts';
import { Conversation, parsedEvent, TRANSCRIPT } from './conversation.ts';
import { Turn } from './turn.ts';

/** Turns open at once on one connection. */
const MOST_OPEN = 64;
/** Bytes of their requests that are held for the records. */
const MOST_HELD = 32 * 1024 * 1024;

/** What turns need of the gateway. */
export interface TurnServices {
  readonly limiter: Limiter | undefined;
  readonly recorder: Recorder | undefined;
  /** Those of a request, for each turn. */
  readonly limits: Limits;
  /** The client's answer to an error of our own. */
  refuseError(error: unknown): Response;
}

/** The connection that turns are on. */
export interface TurnHost {
  toClient(event: string): void;
  toUpstream(event: string): void;
  /** The upstream is held back for a slow client: its silence says nothing. */
  readonly isHeldBack: boolean;
  /** The upstream does not answer: closes both sides. */
  giveUp(reason: string): void;
}

/**
 * The turns of one WebSocket that speaks OpenAI's Realtime API or the Responses API. Each `response.create` passes the limits
 * before it goes upstream; each response, also one that the upstream starts by itself, is counted and recorded at its end.
 * Messages of any other protocol are left alone.
 */
export class Turns implements Watched {
  watchedAt = -1;
  /** Responses that were ever asked for or began. */
  count = 0;
  host!: TurnHost;
  private readonly open: Turn[] = [];
  private readonly conversation: Conversation;
  private readonly left = new AbortController();
  private isHandshakeUsed = false;
  private progress = 0;

  /**
   * @param exchange - the handshake's
   * @param id - the request id that the client got with it
   */
  constructor(
    private readonly exchange: Exchange,
    private readonly id: string,
    private readonly services: TurnServices,
  ) {
    this.conversation = new Conversation(exchange.destination.path);
  }

  // From the client.

  /** @returns whether the message is to go upstream; a promise where a turn must wait for that */
  asked(message: string | Buffer): boolean | Promise<boolean> {
    const bytes = turnAsked(message);
    if (bytes === undefined) {
      this.conversation.clientSaid(message);
      return true;
    }
    const { body, isRealtime } = this.conversation.requestOf(bytes);
    const turn = this.newTurn(body, eventId(bytes), isRealtime, false);
    if (this.open.length >= MOST_OPEN) {
      const refusal = refuse('concurrency_limit_exceeded', `This WebSocket has ${MOST_OPEN} responses open.`);
      return this.refuse(turn, refusal);
    }
    const entering = turn.enter();
    if (!(entering instanceof Promise)) return entering ? this.refuse(turn, entering) : this.go(turn);
    return entering.then(
      (refusal) => (refusal ? this.refuse(turn, refusal) : this.go(turn)),
      (error: unknown) => this.refuse(turn, this.services.refuseError(error)),
    );
  }

  private go(turn: Turn): boolean {
    if (this.left.signal.aborted) {
      // It never went upstream: nothing is owed.
      turn.exchange.ticket?.ended();
      turn.refused(refuse('client_closed_request'));
      return false;
    }
    if (turn.exchange.turn!.isPaid) this.isHandshakeUsed = true;
    this.opened(turn);
    return true;
  }

  private async refuse(turn: Turn, refusal: Response): Promise<false> {
    const event = await errorEvent(refusal, turn);
    turn.refused(refusal);
    this.host.toClient(event);
    return false;
  }

  // From the upstream.

  /** Reads a message of the upstream, text or binary, from `start` to `end`. */
  said(data: Buffer, start: number, end: number): void {
    if (this.left.signal.aborted) return;
    const type = eventType(data, start, end);
    if (type === undefined) return;
    this.progress = deadlines.now;
    const message = data.subarray(start, end);
    if (type === 'response.created') this.created(message);
    else if (endsResponse(type)) this.ended(message);
    else if (type === 'error') this.errored(message);
    else if (type === TRANSCRIPT) this.transcribed(message);
    else if (!type.startsWith('response.')) this.conversation.serverSaid(type, message);
    // Sound is not read; what is said in it comes as a transcript too.
    else if (!type.endsWith('audio.delta')) this.turnOf(message)?.event(message);
  }

  /** The client's sound as text: another model's work, which costs by itself. */
  private transcribed(message: Buffer): void {
    const { conversation } = this;
    conversation.transcribed(message, this.open.at(-1));
    if (!countsOf(parsedEvent(message)?.usage)) return;
    const turn = this.begunByUpstream(conversation.transcription(), 'audio');
    turn.event(message);
    this.close(turn);
  }

  private created(message: Buffer): void {
    const turn = this.open.find(({ isClaimed }) => !isClaimed) ?? this.begunByUpstream();
    turn.isClaimed = true;
    const id = fieldsOf(parsedEvent(message)?.response)?.id;
    if (typeof id === 'string') turn.responseId = id;
    turn.event(message);
  }

  private ended(message: Buffer): void {
    const turn = this.turnOf(message) ?? this.begunByUpstream();
    turn.event(message);
    this.close(turn);
    if (!turn.isRealtime) return;
    const used = countsOf(fieldsOf(parsedEvent(message)?.response)?.usage);
    if (used) this.conversation.tokens = used.total ?? (used.input ?? 0) + (used.output ?? 0);
  }

  /** An error names the client's event, or ends a response of the Responses API. In Realtime most others end nothing. */
  private errored(message: Buffer): void {
    const event = parsedEvent(message);
    const about = fieldsOf(event?.error)?.event_id;
    const turn =
      typeof about === 'string'
        ? this.open.find((each) => each.eventId === about)
        : this.open.find(({ isRealtime, hasBegun }) => !isRealtime || !hasBegun);
    if (!turn) return;
    const status = event?.status;
    turn.begin(typeof status === 'number' && status >= 400 && status <= 599 ? status : 400);
    turn.event(message);
    this.close(turn);
  }

  /** The turn that a message belongs to. It is parsed only where there are several. */
  private turnOf(message: Buffer): Turn | undefined {
    const { open } = this;
    if (open.length < 2) return open[0];
    const event = parsedEvent(message);
    const id = event?.response_id ?? fieldsOf(event?.response)?.id;
    return open.find(({ responseId }) => responseId !== undefined && responseId === id) ?? open[0];
  }

  /** A response that nobody asked for: voice detection starts it, or the upstream leaves out `response.created`. */
  private begunByUpstream(body = this.conversation.request(), purpose: Purpose = 'responses'): Turn {
    const turn = this.newTurn(body, undefined, true, true, purpose);
    this.opened(turn);
    void this.countBegun(turn);
    return turn;
  }

  /** It is counted even over the limit; then the upstream is told to stop, and the client why. */
  private async countBegun(turn: Turn): Promise<void> {
    let refusal: Response | undefined;
    try {
      refusal = await turn.enter();
    } catch (error) {
      refusal = this.services.refuseError(error);
    }
    if (!refusal || !this.open.includes(turn)) return;
    const id = turn.responseId;
    this.host.toUpstream(JSON.stringify({ type: 'response.cancel', ...(id && { response_id: id }) }));
    this.host.toClient(await errorEvent(refusal, turn));
  }

  // The connection.

  /** The connection is closing: what is open ends with it. May be called again. */
  closed(kind: 'aborted' | 'truncated'): void {
    if (this.left.signal.aborted) return;
    this.left.abort();
    const message = kind === 'aborted' ? 'the client left' : 'it closed the WebSocket during a response';
    this.fail(new WireFailure(kind, message));
  }

  check(now: number): void {
    const { firstByte, idle, total } = this.services.limits;
    const first = this.open[0];
    if (!first || this.host.isHeldBack) return;
    const silent = now - this.progress;
    const age = now - (first.exchange.asked ?? now);
    if (total > 0 && age > total) this.timeOut('total_timeout', total);
    else if (!first.hasBegun && firstByte > 0 && silent > firstByte)
      this.timeOut('first_byte_timeout', firstByte);
    else if (first.hasBegun && idle > 0 && silent > idle) this.timeOut('idle_timeout', idle);
  }

  private timeOut(kind: 'first_byte_timeout' | 'idle_timeout' | 'total_timeout', limit: number): void {
    const failure = new WireFailure(kind, `${limit / 1000} s`);
    const [turn] = this.open;
    this.fail(failure);
    void this.giveUp(failure, turn!);
  }

  private async giveUp(failure: WireFailure, turn: Turn): Promise<void> {
    const refusal = refuseFailed(failure, this.exchange.destination.upstream.target.name);
    this.host.toClient(await errorEvent(refusal, turn));
    this.host.giveUp(failure.kind);
  }

  private fail(failure: WireFailure): void {
    for (const turn of this.open.splice(0)) turn.end(failure);
    deadlines.delete(this);
  }

  private newTurn(
    body: Uint8Array,
    event: string | undefined,
    isRealtime: boolean,
    isBegun: boolean,
    purpose: Purpose = 'responses',
  ): Turn {
    const { exchange, conversation } = this;
    const { limiter, recorder } = this.services;
    const isLong = body.length > MOST_WHOLE;
    const context = (isRealtime ? conversation.tokens : 0) + (isLong ? body.length / 4 : 0);
    const turn: Exchange = {
      ...exchange,
      // As over HTTP: logs and metrics tell a turn from the connection by its number.
      method: 'POST',
      destination: { ...exchange.destination, purpose },
      handshake: undefined,
      body: { kind: 'bytes', bytes: body },
      reading: undefined,
      started: performance.now(),
      client: this.left,
      turn: {
        number: ++this.count,
        isPaid: !this.isHandshakeUsed && !isBegun,
        isBegun,
        contextTokens: Math.ceil(context),
      },
      ticket: undefined,
      span: undefined,
      asked: undefined,
      headed: undefined,
      queuedMs: 0,
      attempts: 0,
    };
    turn.ticket = limiter?.ticket(turn);
    const made = new Turn(turn, this.id, event, isRealtime, recorder);
    // As over HTTP: too long to be looked into, its length says something.
    if (isLong) made.letGoOfRequest();
    return made;
  }

  private opened(turn: Turn): void {
    turn.forwarded();
    const held = this.open.reduce((bytes, each) => bytes + each.heldBytes, turn.heldBytes);
    if (held > MOST_HELD) turn.letGoOfRequest();
    if (this.open.length === 0) this.progress = performance.now();
    this.open.push(turn);
    deadlines.add(this);
  }

  private close(turn: Turn): void {
    this.open.splice(this.open.indexOf(turn), 1);
    if (this.open.length === 0) deadlines.delete(this);
    turn.end();
  }
}

/** Fields of a refusal that tell a client when to come back. */
const told = ['retry-after', 'retry-after-ms', 'x-should-retry'];

/** A refusal as both APIs send errors: Realtime names the client's event, the Responses API a status and header fields. */
async function errorEvent(refusal: Response, { eventId: event }: Turn): Promise<string> {
  const { error } = (await refusal.clone().json()) as { error: object };
  const { status, headers } = refusal;
  return JSON.stringify({
    type: 'error',
    event_id: `event_${crypto.randomUUID().replaceAll('-', '')}`,
    status,
    error: { ...error, event_id: event ?? null },
    headers: Object.fromEntries(
      told.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)]] : [])),
    ),
  });
}
