import type { Decision, Meter, Strategy, WindowStore } from '../../store/windows/store.ts';
import { MOST_FORM, MOST_WHOLE } from '../body.ts';
import { holdsPrompt } from '../../openai/passing.ts';
import { formOf } from '../../openai/family.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { valueOf } from '../headers.ts';
import { readingOf } from '../reading.ts';
import { media, UsageReader, type Usage } from '../../openai/usage/usage.ts';
import { type FailureKind, WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import type { BodyListener } from '../upstream/wire/incoming.ts';
import type { Answer, ClientWatch } from '../upstream/wire/types.ts';
import { type Estimate, estimateReading } from '../../openai/usage/estimate.ts';
import type { Rule } from './meters.ts';
import type { FairQueue, PlaceEntry, Refusal } from './queue.ts';
import { type Judged, NoPlace, passedHeaders, refuseLimited, refuseNoPlace } from './refusal.ts';
import { WindowsUnavailable } from './resilient.ts';
import { scanTokens } from '../../openai/usage/scan.ts';
import { assumedFor, countedIn, reservedFor, saysEnd, spentBy } from './spent.ts';

/** A refusal, or leave to go on. */
type Outcome = Response | undefined;

/** What a request is under. */
export interface Terms {
  readonly user: string;
  readonly rules: readonly Rule[];
  readonly queue: FairQueue | undefined;
  /** Milliseconds between the events of a stream; 0 is unpaced. */
  readonly paceMs: number;
  readonly strategy: Strategy;
  readonly store: WindowStore | undefined;
  /** Of the gateway: clients that leave while it stops were cut by us. */
  readonly state: { readonly isStopping: boolean };
}

/** Ends that leave an upstream at work on a prompt. */
const workedFor: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'aborted',
  'first_byte_timeout',
  'idle_timeout',
  'total_timeout',
]);

/**
 * One exchange under limits: what it was counted for, the place it holds at the upstream, and what is owed when it ends.
 * A request enters its windows before the cache is asked, and takes a place when the upstream is. A turn of a WebSocket
 * does both in {@link Ticket.enter}.
 */
export class Ticket implements BodyListener {
  /** Header fields of the answer, once it has passed. */
  headers: [string, string][] = [];
  private meters: readonly Meter[] = [];
  private tokenMeters: readonly Meter[] = [];
  private estimate: Estimate = { prompt: 0, completion: 0 };
  private at = 0;
  private place: PlaceEntry | undefined;
  private usage: UsageReader | undefined;
  /** Bytes of the answer. */
  private bytes = 0;
  /** The last two pieces of it. */
  private last: Uint8Array | undefined;
  private lastButOne: Uint8Array | undefined;
  private failure: WireFailure | undefined;
  private settled = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly terms: Terms,
  ) {}

  get paceMs(): number {
    return this.terms.paceMs;
  }

  /** How large a JSON body is to be read whole; undefined for the usual. Bytes. */
  get wholeBody(): number | undefined {
    return this.countsTokens ? MOST_WHOLE : undefined;
  }

  /** How large a form is to be read whole; undefined where it need not be. Bytes. */
  get wholeForm(): number | undefined {
    const { purpose } = this.exchange.destination;
    // Elsewhere a form is an upload, which passes as it comes.
    return this.countsTokens && purpose !== 'other' && purpose !== 'audio' ? MOST_FORM : undefined;
  }

  /**
   * Counts the request in all its windows at once. A refused request has consumed nothing.
   * @returns the refusal, or undefined to go on; at once where nothing must be waited for, which is the usual case
   */
  enter(): Outcome | Promise<Outcome> {
    const reading = this.countsTokens ? readingOf(this.exchange) : undefined;
    if (reading?.isLarge && !reading.asked.form)
      return scanTokens(reading.bytes).then((estimate) => this.enterWith(estimate));
    return this.enterWith(undefined);
  }

  /** @param scanned - the estimate of a body that is too large to be parsed */
  private enterWith(scanned: Estimate | undefined): Outcome | Promise<Outcome> {
    if (this.countsTokens) this.estimate = this.estimated(scanned);
    try {
      const counted = this.count();
      if (!(counted instanceof Promise)) return counted ?? this.enterTurn();
      return counted.then((refusal) => refusal ?? this.enterTurn(), refuseUnavailable);
    } catch (error) {
      return refuseUnavailable(error);
    }
  }

  /**
   * Takes a place at the upstream, or waits for one until the client leaves. Without a place, all that was counted is
   * given back.
   * @param client - for whom the upstream is asked: all who share the request. Its signal is asked for only where the
   *   request must wait
   */
  takePlace(client: ClientWatch): WireFailure | undefined | Promise<WireFailure | undefined> {
    const { exchange } = this;
    const { queue, user } = this.terms;
    // A WebSocket is idle most of the time: its turns take places, one by one.
    if (!queue || exchange.handshake) return undefined;
    // A turn that the upstream began takes a free place and can't wait for one.
    const signal = (): AbortSignal => (exchange.turn?.isBegun ? AbortSignal.abort() : client.signal);
    const entry = queue.enter(user, signal);
    return entry instanceof Promise ? entry.then((late) => this.placed(late)) : this.placed(entry);
  }

  /** The upstream answered: what is owed is settled, and the place given back, when the body has ended. */
  answered({ head, body }: Answer): void {
    // A refused request cost nothing upstream; a failed one may say what it cost.
    if (head.status >= 400 && head.status < 500) this.settle(0);
    else if (this.tokenMeters.length > 0)
      this.usage = new UsageReader(head, (usage) => this.settle(this.spent(head, usage)));
    body.listen(this);
  }

  /** @internal A piece of the answer. */
  chunk(piece: Uint8Array): void {
    if (!this.usage) return;
    this.bytes += piece.length;
    this.lastButOne = this.last;
    this.last = piece;
    this.usage.chunk(piece);
  }

  /** @internal The answer's end. */
  end(failure: WireFailure | undefined): void {
    this.release();
    this.failure = failure;
    this.usage?.end(failure);
  }

  /** The answer cost nothing upstream: it was kept, or is another's. */
  spared(): void {
    this.settle(0);
  }

  /**
   * There was no answer, or no body to wait for: a WebSocket's handshake, whose turns have tickets of their own.
   * @param failure - how the upstream failed: where it was let go at its work, what was reserved is owed. A client that
   *   leaves before an answer that is no stream owes all that this may have: the upstream goes on with it
   */
  ended(failure?: WireFailure): void {
    this.release();
    if (!failure || !workedFor.has(failure.kind)) return this.settle(0);
    const isStream = this.exchange.turn !== undefined || readingOf(this.exchange)?.asked.stream;
    const goesOn = failure.kind === 'aborted' && this.mayGenerate && !isStream;
    this.settle(goesOn ? assumedFor(this.estimate) : this.reserved);
  }

  /** Nothing was done for the request upstream: its windows are as if it had not come. */
  giveBack(): void {
    if (this.settled) return;
    this.settled = true;
    this.headers = [];
    for (const meter of this.meters) this.correct([meter], -meter.cost);
  }

  // Windows.

  private get countsTokens(): boolean {
    for (const { counted } of this.terms.rules) if (counted === 'tokens') return true;
    return false;
  }

  private get reserved(): number {
    return reservedFor(this.estimate);
  }

  private count(): Outcome | Promise<Outcome> {
    const { rules, user, store, strategy } = this.terms;
    if (rules.length === 0 || !store) return undefined;
    for (const rule of rules) {
      const countsTokens = rule.counted === 'tokens';
      const meters = rule.meters(user, countsTokens ? this.reserved : 1);
      this.meters = this.meters.length === 0 ? meters : [...this.meters, ...meters];
      if (countsTokens) this.tokenMeters = meters;
    }
    this.at = Date.now();
    const decision = store.hit(this.meters, strategy, this.at);
    return decision instanceof Promise ? decision.then((late) => this.decided(late)) : this.decided(decision);
  }

  private decided(decision: Decision): Outcome | Promise<Outcome> {
    const judged = this.judge(decision);
    if (!decision.allowed) {
      const refusal = refuseLimited(judged);
      if (this.exchange.turn?.isBegun) return this.countAnyway(refusal);
      this.settled = true;
      return refusal;
    }
    this.headers = passedHeaders(judged);
    return undefined;
  }

  /** The upstream is at work on it already, so it counts, whatever the windows hold. */
  private countAnyway(refusal: Response): Outcome | Promise<Outcome> {
    const { store, strategy } = this.terms;
    const unbounded = this.meters.map((meter) => ({ ...meter, amount: Number.MAX_SAFE_INTEGER }));
    const counted = store!.hit(unbounded, strategy, this.at);
    return counted instanceof Promise ? counted.then(() => refusal) : refusal;
  }

  private judge({ states }: Decision): Judged[] {
    const { rules } = this.terms;
    if (rules.length === 1) return [{ rule: rules[0]!, states }];
    let from = 0;
    return rules.map((rule) => ({ rule, states: states.slice(from, (from += rule.size)) }));
  }

  private estimated(scanned: Estimate | undefined): Estimate {
    const { body, request, turn } = this.exchange;
    const context = turn?.contextTokens ?? 0;
    const reading = readingOf(this.exchange);
    if (reading) {
      const { prompt, completion } = scanned ?? estimateReading(reading);
      return { prompt: context + prompt, completion };
    }
    // Too long to be looked into; its length says something.
    const length = body.kind === 'stream' && holdsPrompt(request.headers) ? (body.length ?? MOST_WHOLE) : 0;
    return { prompt: context + Math.ceil(length / 4), completion: 0 };
  }

  /** Whether the upstream may have answered with tokens: a request without a body asks for none. */
  private get mayGenerate(): boolean {
    const { method, body, turn } = this.exchange;
    if (turn) return true;
    return method !== 'GET' && method !== 'HEAD' && body.kind !== 'none';
  }

  private spent({ status, headers }: ResponseHead, usage: Usage): number {
    const { estimate, failure } = this;
    const counted = countedIn(usage, estimate);
    if (status >= 400) return usage.reported ? counted : 0;
    if (!this.mayGenerate) return counted;
    if (failure) return this.isAbandoned(failure) ? Math.max(counted, this.reserved) : counted;
    const type = valueOf(headers, 'content-type') ?? '';
    const isText = !media.test(type) && formOf(type) === 'other';
    return spentBy(usage, { streamed: this.usage!.streamed, isText, bytes: this.bytes }, estimate);
  }

  /** The client left, or time ran out: what the upstream did until then may not have come. */
  private isAbandoned({ kind }: WireFailure): boolean {
    if (!workedFor.has(kind) || this.terms.state.isStopping) return false;
    return !saysEnd([this.lastButOne, this.last]);
  }

  /** From what was reserved to what was used; once. */
  private settle(used: number): void {
    if (this.settled) return;
    this.settled = true;
    const delta = used - this.reserved;
    if (this.tokenMeters.length > 0 && delta !== 0) this.correct(this.tokenMeters, delta);
  }

  private correct(meters: readonly Meter[], delta: number): void {
    const { store, strategy } = this.terms;
    if (meters.length > 0) void store?.settle(meters, strategy, this.at, delta, Date.now());
  }

  // Places.

  private enterTurn(): Outcome | Promise<Outcome> {
    const { exchange } = this;
    if (!exchange.turn) return undefined;
    const placed = this.takePlace(exchange.client);
    if (!(placed instanceof Promise)) return placed && refusalOf(placed);
    const since = performance.now();
    return placed.then((failure) => {
      exchange.queuedMs = performance.now() - since;
      return failure && refusalOf(failure);
    });
  }

  private placed(entry: PlaceEntry | Refusal): WireFailure | undefined {
    if (entry.kind === 'place') {
      this.place = entry;
      return undefined;
    }
    if (this.exchange.turn?.isBegun) return undefined;
    this.giveBack();
    if (entry.kind === 'left') return new WireFailure('aborted', 'the client left');
    // A full queue drops a request of the user who has most of them waiting.
    const isOwn = entry.cause === 'user' || entry.kind === 'full';
    return new NoPlace(entry, isOwn ? this.terms.user : undefined);
  }

  private release(): void {
    this.place?.release();
    this.place = undefined;
  }
}

function refusalOf(failure: WireFailure): Response {
  return failure instanceof NoPlace ? refuseNoPlace(failure) : refuse('client_closed_request');
}

function refuseUnavailable(error: unknown): Response {
  if (!(error instanceof WindowsUnavailable)) throw error;
  return refuse('limits_unavailable', undefined, { 'retry-after': '1' });
}
