import type { AddressRules } from '../admit/address.ts';
import { userOf } from '../admit/user.ts';
import type { RequestBody } from '../body.ts';
import { codeOf } from '../errors.ts';
import { forwardablePath, withoutQuery } from '../../openai/path.ts';
import type { Edge, Exchange } from '../exchange.ts';
import type { Answer } from '../upstream/wire/types.ts';
import type { Happening, Outcome, Sink } from '../../record/happening.ts';
import { passingOf } from '../../openai/passing.ts';
import { type Purpose, purposeOf } from '../../openai/family.ts';
import { routeLabel } from './route-label.ts';
import { Tally } from './tally.ts';
import { type About, type ClosedSocket, Watch } from './watch.ts';

/** So long the end waits for exchanges that were cut to say so, ms. */
const FAREWELL_MS = 500;

/** Tells the sinks what became of each request, after its end. */
export class Recorder {
  private waiting: (() => Happening)[] = [];
  /** Requests that are not told of yet. */
  private open = 0;
  private readonly wanted = new Map<Purpose, boolean>();
  private isStopping = false;
  private readonly wantsAddress: boolean;
  private answers = 0;
  private readonly count = (outcome: Outcome): void => {
    this.open--;
    this.answers--;
    for (const sink of this.sinks) sink.counted?.(outcome);
  };
  /** Gives an answer to every sink that reads it as it comes; undefined when no sink does. */
  private readonly answering: Sink['answering'];

  /**
   * @param onError - told of a sink that threw: a defect
   * @param masked - takes keys out of what clients wrote where none belongs
   */
  constructor(
    private readonly sinks: readonly Sink[],
    private readonly addresses: AddressRules,
    private readonly onError: (error: unknown) => void,
    private readonly masked: (text: string) => string,
  ) {
    this.wantsAddress = sinks.some((sink) => sink.wantsAddress);
    this.answering = answeringOf(sinks);
  }

  /** Answers on their way to clients: not the requests that still wait for one. */
  get openAnswers(): number {
    return this.answers;
  }

  /** A request has come in: one of the following is called for it, once. */
  begun(): void {
    this.open++;
    for (const sink of this.sinks) sink.begun?.();
  }

  /** A request's body is about to pass without being held. */
  passing(exchange: Exchange, body: RequestBody & { readonly kind: 'stream' }): void {
    if (this.onlyCounts()) return;
    const passing = passingOf(exchange.request.headers);
    if (passing) exchange.passing = body.watch = passing;
  }

  /** An answer is about to go out: it is told of when its body has ended. */
  answered(exchange: Exchange, answer: Answer): void {
    this.answers++;
    if (this.onlyCounts())
      return answer.body.listen(
        new Tally(exchange, answer.head, userOf(exchange, this.addresses), this.count),
      );
    const wantsBodies = this.wantsBodies(exchange);
    answer.body.listen(
      new Watch(
        this.about(exchange),
        exchange,
        answer.head,
        wantsBodies,
        (happening) => {
          this.answers--;
          this.tell(happening);
        },
        this.answering,
      ),
    );
  }

  /** A refusal or failure of aifd's own. */
  refused(exchange: Exchange, response: Response): void {
    const watch = new Watch(
      this.about(exchange),
      exchange,
      undefined,
      this.wantsBodies(exchange),
      (happening) => this.tell(happening),
    );
    watch.refused(response, codeOf(response));
  }

  /** A WebSocket that has closed. */
  closed(exchange: Exchange, socket: ClosedSocket): void {
    const watch = new Watch(this.about(exchange), exchange, undefined, false, (happening) =>
      this.tell(happening),
    );
    watch.closed(socket);
  }

  /** Refused before anything was known of it. @param started - ms on the clock of `performance.now()` */
  turnedAway(request: Request, edge: Edge, response: Response, started: number): void {
    const plain = withoutQuery(forwardablePath(request.url) ?? '');
    const durationMs = performance.now() - started;
    const code = codeOf(response);
    const happening: Happening = {
      id: response.headers.get('x-request-id') ?? '',
      at: Date.now() - durationMs,
      method: request.method,
      path: plain,
      route: routeLabel(plain, ''),
      family: purposeOf(plain),
      prefix: '',
      target: '',
      user: '',
      address: this.addresses.clientAddress(request, edge),
      model: '',
      stream: false,
      status: response.status,
      // It may have left while it sent.
      end: code === 'client_closed_request' ? 'left' : 'refused',
      code,
      durationMs,
      firstByteMs: undefined,
      upstreamMs: undefined,
      queueMs: 0,
      overheadMs: durationMs,
      attempts: 0,
      cache: undefined,
      usage: undefined,
      bytesIn: 0,
      bytesOut: 0,
      request: undefined,
      answer: undefined,
      traceparent: request.headers.get('traceparent') ?? undefined,
      span: undefined,
    };
    this.tell(() => happening);
  }

  /** What is open from here on is cut by us: nobody has left. */
  stopping(): void {
    this.isStopping = true;
  }

  /** Tells what waits, and lets the sinks write what they hold. */
  async close(): Promise<void> {
    const deadline = performance.now() + FAREWELL_MS;
    // Sockets that were just closed say so in a later turn.
    while (this.open > 0 && performance.now() < deadline) await Bun.sleep(5);
    this.flush();
    await Promise.all(this.sinks.map((sink) => sink.close?.()));
  }

  /** Whether some sink wants the bodies of it. */
  wantsBodies({ destination: { purpose } }: Pick<Exchange, 'destination'>): boolean {
    const known = this.wanted.get(purpose);
    if (known !== undefined) return known;
    const wants = this.sinks.some((sink) => sink.wantsBodies?.(purpose) === true);
    this.wanted.set(purpose, wants);
    return wants;
  }

  /** Whether it reads what requests ask for. */
  get reads(): boolean {
    return !this.onlyCounts();
  }

  private onlyCounts(): boolean {
    for (const sink of this.sinks) if (sink.onlyCounts?.() !== true) return false;
    return true;
  }

  private about(exchange: Exchange): About {
    const { request, edge, destination } = exchange;
    const { plain, purpose, label, upstream } = destination;
    const { prefix, name } = upstream.target;
    return {
      path: plain,
      route: label,
      family: purpose,
      prefix,
      target: name,
      user: userOf(exchange, this.addresses),
      address: this.wantsAddress ? this.addresses.clientAddress(request, edge) : '',
      traceparent: request.headers.get('traceparent') ?? undefined,
    };
  }

  /** Behind the answer, all of one turn together. */
  private tell(happening: () => Happening): void {
    this.open--;
    this.waiting.push(this.isStopping ? () => asStopped(happening()) : happening);
    if (this.waiting.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const told of waiting) {
      const happening = this.withoutKeys(told());
      for (const sink of this.sinks) {
        try {
          sink.happened(happening);
        } catch (error) {
          this.onError(error);
        }
      }
    }
  }

  /** Clients may write a key where none belongs. */
  private withoutKeys(happening: Happening): Happening {
    const path = this.masked(happening.path);
    const model = this.masked(happening.model);
    return path === happening.path && model === happening.model ? happening : { ...happening, path, model };
  }
}

/** One viewer for all sinks that read answers as they come. */
function answeringOf(sinks: readonly Sink[]): Sink['answering'] {
  const viewers = sinks.filter((sink) => sink.answering);
  if (viewers.length < 2) return viewers[0] && ((beginning) => viewers[0]!.answering!(beginning));
  return (beginning) => {
    const reading = viewers.flatMap((sink) => sink.answering!(beginning) ?? []);
    if (reading.length < 2) return reading[0];
    return {
      chunk: (piece) => {
        for (const each of reading) each.chunk(piece);
      },
    };
  };
}

/** Clients that seem to have left as aifd stopped were sent away; one that had no answer yet never got a status. */
function asStopped(happening: Happening): Happening {
  const { end, status, code } = happening;
  if (end !== 'left') return status === 101 ? { ...happening, end: 'stopped' } : happening;
  if (code === undefined) return { ...happening, end: 'stopped' };
  return { ...happening, end: 'stopped', status: 503, code: 'stopped' };
}
