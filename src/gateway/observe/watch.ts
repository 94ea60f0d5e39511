import type { Exchange } from '../exchange.ts';
import { valueOf } from '../headers.ts';
import type { WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import type { BodyListener } from '../upstream/wire/incoming.ts';
import type { Beginning, End, Happening, RecordedAnswer, Sink, Tokens } from '../../record/happening.ts';
import { readingOf } from '../reading.ts';
import type { Asked } from '../../openai/passing.ts';
import { endOf } from './tally.ts';
import { type Usage, UsageReader } from '../../openai/usage/usage.ts';

/** What is known of an exchange before its answer. */
export type About = Pick<
  Happening,
  'path' | 'route' | 'family' | 'prefix' | 'target' | 'user' | 'address' | 'traceparent'
>;

/** Answers up to this many bytes are held for those who want the bodies. */
const MOST_HELD = 8 * 2 ** 20;

/** What a WebSocket came to, as a whole. */
export type ClosedSocket = Pick<Happening, 'id' | 'end' | 'bytesIn' | 'bytesOut' | 'turns'>;

/** One exchange on its way out, until its end. */
export class Watch implements BodyListener {
  private readonly handed = performance.now();
  private readonly usage: UsageReader | undefined;
  private pieces: Uint8Array[] | undefined;
  private bytes = 0;
  private firstByte: number | undefined;
  /** Who shows the answer as it comes. */
  private readonly live: ReturnType<NonNullable<Sink['answering']>>;
  private ended: { readonly at: number; readonly end: End; readonly whole: boolean } | undefined;

  /**
   * @param done - called once, behind the body's end, with what tells of it: that reads the request, and can wait
   * @param answering - given the body as it comes
   */
  constructor(
    private readonly about: About,
    private readonly exchange: Exchange,
    private readonly head: ResponseHead | undefined,
    private readonly wantsBodies: boolean,
    private readonly done: (tell: () => Happening) => void,
    answering?: NonNullable<Sink['answering']>,
  ) {
    if (!head) return;
    this.live = answering?.(this.beginning(head));
    if (wantsBodies) this.pieces = [];
    this.usage = new UsageReader(head, (usage) => this.finish(usage));
  }

  chunk(piece: Uint8Array): void {
    this.firstByte ??= performance.now();
    this.bytes += piece.length;
    this.usage?.chunk(piece);
    this.live?.chunk(piece);
    if (!this.pieces) return;
    if (this.bytes <= MOST_HELD) this.pieces.push(piece);
    else this.pieces = undefined;
  }

  end(failure: WireFailure | undefined): void {
    this.ended = { at: performance.now(), end: endOf(failure), whole: failure === undefined };
    this.usage?.end(failure);
  }

  /** There was no upstream's answer. */
  refused(response: Response, code: string | undefined): void {
    const { status } = response;
    const failed = this.exchange.attempts > 0;
    const end = code === 'client_closed_request' ? 'left' : failed ? 'failed' : 'refused';
    this.ended = { at: performance.now(), end, whole: true };
    const id = response.headers.get('x-request-id') ?? '';
    this.done(() => ({ ...this.told(undefined), status, code, id }));
  }

  /** It was a WebSocket. */
  closed({ end, ...socket }: ClosedSocket): void {
    this.ended = { at: performance.now(), end, whole: true };
    this.done(() => ({ ...this.told(undefined), ...socket, status: 101 }));
  }

  private beginning({ headers }: ResponseHead): Beginning {
    const { method } = this.exchange;
    return {
      id: valueOf(headers, 'x-request-id') ?? '',
      family: this.about.family,
      method,
      request: readingOf(this.exchange)?.bytes,
      contentType: valueOf(headers, 'content-type') ?? '',
      encoding: valueOf(headers, 'content-encoding') ?? '',
    };
  }

  private finish(usage: Usage): void {
    const isSuccess = this.head!.status < 400 && this.ended!.end === 'whole';
    if (usage.failed && isSuccess) this.ended = { ...this.ended!, end: 'errored' };
    this.done(() => this.told(tokensOf(usage)));
  }

  private told(usage: Tokens | undefined): Happening {
    const { about, exchange, ended, handed } = this;
    const { started, asked, headed, queuedMs } = exchange;
    const durationMs = ended!.at - started;
    const upstreamMs = asked === undefined ? undefined : (headed ?? ended!.at) - asked;
    const asks = askedIn(exchange);
    return {
      ...about,
      id: idOf(this.head),
      at: Date.now() - (performance.now() - started),
      method: exchange.method,
      model: asks.model,
      stream: asks.stream || exchange.turn !== undefined,
      streamed: this.usage?.streamed === true,
      status: this.head?.status ?? 0,
      end: ended!.end,
      code: undefined,
      durationMs,
      firstByteMs: this.firstByte === undefined ? undefined : this.firstByte - started,
      upstreamMs,
      queueMs: queuedMs,
      overheadMs: Math.max(0, handed - started - queuedMs - (upstreamMs ?? 0)),
      attempts: exchange.attempts,
      cache: exchange.cache,
      usage,
      bytesIn: bytesIn(exchange),
      bytesOut: this.bytes,
      // Also where there was no answer, or one too large to be held.
      request: this.wantsBodies ? readingOf(exchange)?.bytes : undefined,
      answer: this.recorded(ended!.whole),
      form: asks.form,
      json: asks.json,
      truncated: asks.truncated === true,
      span: exchange.span,
      turn: exchange.turn?.number,
    };
  }

  private recorded(whole: boolean): RecordedAnswer | undefined {
    if (!this.pieces || !this.head) return undefined;
    const { headers } = this.head;
    return {
      contentType: valueOf(headers, 'content-type') ?? '',
      encoding: valueOf(headers, 'content-encoding') ?? '',
      body: this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces),
      whole,
    };
  }
}

/** What sinks are told of an answer's tokens; undefined when nothing is known. */
export function tokensOf(usage: Usage): Tokens | undefined {
  const { input, output, cached, reasoning, reported, text, events, priced, seconds } = usage;
  // What is billed by the second has no tokens: its text is no output of a model that is.
  if (seconds !== undefined && !reported)
    return { input: undefined, output: undefined, cached, reasoning, reported: true, seconds };
  if (!reported && events === 0 && text === 0) return undefined;
  return { input, output: output ?? (reported ? undefined : text), cached, reasoning, reported, priced };
}

function bytesIn({ body, passing }: Exchange): number {
  if (body.kind === 'bytes') return body.bytes.length;
  return passing?.bytes ?? (body.kind === 'stream' ? (body.length ?? 0) : 0);
}

/** What the body asks for. */
function askedIn(exchange: Exchange): Asked {
  if (exchange.passing) return exchange.passing.asked();
  const reading = readingOf(exchange);
  if (!reading) return askedNothing;
  const { asked, isWhole } = reading;
  return isWhole || asked.json || asked.form ? asked : { ...asked, truncated: true };
}

const askedNothing: Asked = { model: '', stream: false };

function idOf(head: ResponseHead | undefined): string {
  return (head && valueOf(head.headers, 'x-request-id')) ?? '';
}
