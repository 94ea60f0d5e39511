import type { Decision, Meter, Strategy, WindowStore } from '../../store/windows/store.ts';
import { holdsPrompt, MOST_WHOLE } from '../body.ts';
import { refuse } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { UsageReader, type Usage } from '../record/usage.ts';
import type { FailureKind, WireFailure } from '../upstream/wire/failure.ts';
import type { Answer } from '../upstream/wire/types.ts';
import { estimateTokens } from './estimate.ts';
import type { Rule } from './meters.ts';
import type { Entry, FairQueue, PlaceEntry } from './queue.ts';
import { type Judged, passedHeaders, refuseLimited, refuseQueued } from './refusal.ts';
import { WindowsUnavailable } from './resilient.ts';

/** A refusal, or leave to go on. */
type Outcome = Response | undefined;

/** Ends that leave an upstream at work on a prompt. */
const workedFor: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'aborted',
  'first_byte_timeout',
  'idle_timeout',
  'total_timeout',
]);

/** One exchange under limits: what it was counted for, the place it holds, and what is owed when it ends. */
export class Ticket {
  /** Header fields of the answer, once it has passed. */
  headers: [string, string][] = [];
  private meters: readonly Meter[] = [];
  private tokenMeters: readonly Meter[] = [];
  private estimate = { prompt: 0, completion: 0 };
  private at = 0;
  private place: PlaceEntry | undefined;
  private settled = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly user: string,
    private readonly rules: readonly Rule[],
    private readonly queue: FairQueue | undefined,
    /** Milliseconds between the events of a stream; 0 is unpaced. */
    readonly paceMs: number,
    private readonly strategy: Strategy,
    private readonly store: WindowStore | undefined,
  ) {}

  /** How large a JSON body is to be read whole; undefined for the usual. Bytes. */
  get wholeBody(): number | undefined {
    return this.rules.some(({ counted }) => counted === 'tokens') ? MOST_WHOLE : undefined;
  }

  /**
   * Counts the request and gets it a place. A refused request has consumed nothing.
   * @returns the refusal, or undefined to go on; at once where nothing must be waited for, which is the usual case
   */
  enter(): Outcome | Promise<Outcome> {
    try {
      const counted = this.count();
      if (!(counted instanceof Promise)) return counted ?? this.queueUp();
      return counted.then((refusal) => refusal ?? this.queueUp(), refuseUnavailable);
    } catch (error) {
      return refuseUnavailable(error);
    }
  }

  /** The upstream answered: what is owed is settled when the body has ended. */
  answered({ head, body }: Answer): void {
    const { place } = this;
    if (place) body.listen({ chunk() {}, end: () => place.release() });
    if (this.tokenMeters.length === 0) return;
    // A refused request cost nothing upstream.
    if (head.status >= 400) this.settle(0);
    else body.listen(new UsageReader(head, (usage) => this.settle(this.used(usage))));
  }

  /** The answer cost nothing upstream: it was kept, or is another's. What is owed is its place, until its body's end. */
  spared({ body }: Answer): void {
    this.settle(0);
    const { place } = this;
    if (place) body.listen({ chunk() {}, end: () => place.release() });
  }

  /**
   * There was no answer, or no body to wait for: a WebSocket's handshake, whose turns have tickets of their own.
   * @param failure - how the upstream failed: where it had the prompt and was let go, that is paid for
   */
  ended(failure?: WireFailure): void {
    this.place?.release();
    this.settle(failure && workedFor.has(failure.kind) ? this.estimate.prompt : 0);
  }

  private count(): Outcome | Promise<Outcome> {
    if (this.rules.length === 0 || !this.store) return undefined;
    if (this.wholeBody !== undefined) this.estimate = this.estimated();
    this.estimate.prompt += this.exchange.turn?.contextTokens ?? 0;
    for (const rule of this.rules) {
      const countsTokens = rule.counted === 'tokens';
      const meters = rule.meters(this.user, countsTokens ? this.reserved : 1);
      this.meters = this.meters.length === 0 ? meters : [...this.meters, ...meters];
      if (countsTokens) this.tokenMeters = meters;
    }
    this.at = Date.now();
    const decision = this.store.hit(this.meters, this.strategy, this.at);
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
    const unbounded = this.meters.map((meter) => ({ ...meter, amount: Number.MAX_SAFE_INTEGER }));
    const counted = this.store!.hit(unbounded, this.strategy, this.at);
    return counted instanceof Promise ? counted.then(() => refusal) : refusal;
  }

  /** At least one: what counts nothing on entry is never refused, and nothing could be settled. */
  private get reserved(): number {
    return Math.max(1, this.estimate.prompt + this.estimate.completion);
  }

  private judge({ states }: Decision): Judged[] {
    if (this.rules.length === 1) return [{ rule: this.rules[0]!, states }];
    let from = 0;
    return this.rules.map((rule) => ({ rule, states: states.slice(from, (from += rule.size)) }));
  }

  private queueUp(): Outcome | Promise<Outcome> {
    const { queue, exchange } = this;
    // A WebSocket is idle most of the time: its turns take places, one by one.
    if (!queue || exchange.handshake) return undefined;
    // A turn that the upstream began takes a free place and can't wait for one.
    const signal = (): AbortSignal => (exchange.turn?.isBegun ? AbortSignal.abort() : exchange.client.signal);
    const entry = queue.enter(this.user, signal);
    return entry instanceof Promise ? entry.then((late) => this.entered(late)) : this.entered(entry);
  }

  private entered(entry: Entry): Outcome {
    if (entry.kind === 'place') {
      this.place = entry;
      return undefined;
    }
    if (this.exchange.turn?.isBegun) return undefined;
    this.giveBack();
    if (entry.kind === 'left') return refuse('client_closed_request');
    return refuseQueued(entry.cause, entry.kind, entry.retryAfterMs);
  }

  /** The queue refused what the windows had counted. */
  private giveBack(): void {
    for (const meter of this.meters) this.correct([meter], -meter.cost);
    this.settled = true;
  }

  private estimated(): { prompt: number; completion: number } {
    const { body, request } = this.exchange;
    if (body.kind !== 'bytes') {
      // Too long to be looked into; its length says something.
      const length = body.kind === 'stream' && holdsPrompt(request.headers) ? (body.length ?? MOST_WHOLE) : 0;
      return { prompt: Math.ceil(length / 4), completion: 0 };
    }
    try {
      return estimateTokens(JSON.parse(Buffer.from(body.bytes).toString()));
    } catch {
      // Not JSON after all, or encoded: its size says something still.
      return { prompt: Math.ceil(body.bytes.length / 4), completion: 0 };
    }
  }

  private used({ reported, total, input, output, text }: Usage): number {
    // Whole tokens, whatever an upstream says: windows count nothing else.
    if (reported) return Math.ceil(total ?? (input ?? 0) + (output ?? 0));
    return Math.ceil((input ?? this.estimate.prompt) + text);
  }

  /** From what was reserved to what was used. */
  private settle(used: number): void {
    if (this.settled) return;
    this.settled = true;
    const delta = used - this.reserved;
    if (this.tokenMeters.length > 0 && delta !== 0) this.correct(this.tokenMeters, delta);
  }

  private correct(meters: readonly Meter[], delta: number): void {
    if (meters.length > 0) void this.store?.settle(meters, this.strategy, this.at, delta, Date.now());
  }
}

function refuseUnavailable(error: unknown): Response {
  if (!(error instanceof WindowsUnavailable)) throw error;
  return refuse('limits_unavailable', undefined, { 'retry-after': '1' });
}
