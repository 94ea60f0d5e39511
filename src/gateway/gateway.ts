import type { Config } from '../config/options.ts';
import type { EntryStore } from '../store/entries/store.ts';
import type { WindowStore } from '../store/windows/store.ts';
import { AddressRules } from './admit/address.ts';
import { Cors } from './admit/cors.ts';
import { Keyring } from './admit/keys.ts';
import { toResponse } from './answer.ts';
import { MOST_WHOLE, readBody, type RequestBody } from './body.ts';
import { Cache } from './cache/cache.ts';
import { Destinations } from './destination.ts';
import { refuse } from './errors.ts';
import type { Edge, Exchange } from './exchange.ts';
import { Limiter, limitsAnything } from './limits/limiter.ts';
import { NoPlace, refuseNoPlace } from './limits/refusal.ts';
import { takeOwnField } from './own-field.ts';
import { withoutQuery } from '../openai/path.ts';
import { decodeRequest } from './reading.ts';
import { identify, requestId, withId } from './request-id.ts';
import { cleanFields } from './response-fields.ts';
import { keysOf } from './admit/keys.ts';
import { redaction } from '../record/chatlog/redact.ts';
import type { Sink } from '../record/happening.ts';
import { Recorder } from './observe/recorder.ts';
import { serverTiming } from './observe/server-timing.ts';
import { newSpanContext, type SpanContext } from '../record/span-context.ts';
import { forward, refuseFailed } from './upstream/forward.ts';
import { Upstreams } from './route/upstream.ts';
import { WireFailure } from './upstream/wire/failure.ts';
import type { Answer, ClientWatch } from './upstream/wire/types.ts';
import { joinWebSockets } from './websocket/join.ts';
import type { TurnServices } from './websocket/turns.ts';
import { newHandshake, wantsWebSocket } from './upstream/handshake.ts';

/** What outlives a request, each where something needs it. */
export interface Stores {
  /** The windows of limits. */
  readonly windows?: WindowStore;
  /** The answers that are kept. */
  readonly entries?: EntryStore;
}

/** The way of every request: refused at one of the gates, or forwarded. */
export class Gateway {
  private readonly addresses: AddressRules;
  private readonly keyring: Keyring;
  private readonly upstreams: Upstreams;
  private readonly destinations: Destinations;
  private readonly cors: Cors;
  private readonly limiter: Limiter | undefined;
  private readonly cache: Cache | undefined;
  private readonly recorder: Recorder | undefined;
  private readonly turnServices: TurnServices;

  /**
   * @param config - what is in force
   * @param onError - told of an error that is aifd's own fault; the client gets a 500
   * @param say - told what the operator should know, a line at a time
   * @param stores - what outlives a request
   * @param sinks - told of each request after its end
   */
  constructor(
    private readonly config: Config,
    private readonly onError: (error: unknown) => void,
    say: (message: string) => void = () => {},
    private readonly stores: Stores = {},
    sinks: readonly Sink[] = [],
  ) {
    this.addresses = new AddressRules(config);
    this.keyring = new Keyring(config);
    this.upstreams = new Upstreams(config, say);
    this.destinations = new Destinations(this.upstreams);
    this.cors = new Cors(config.corsOrigins);
    if (limitsAnything(config)) this.limiter = new Limiter(config, stores.windows, this.addresses);
    if (sinks.length > 0)
      this.recorder = new Recorder(sinks, this.addresses, onError, redaction(keysOf(config), []));
    const { limiter, recorder } = this;
    this.turnServices = {
      limiter,
      recorder,
      limits: {
        firstByte: config.firstByteTimeout * 1000,
        idle: config.idleTimeout * 1000,
        total: config.totalTimeout * 1000,
      },
      refuseError: (error) => this.refuseError(error),
    };
    if (stores.entries) this.cache = new Cache(config, stores.entries, this.addresses, say);
  }

  /** Requests that wait for a place at an upstream. */
  get waiting(): number {
    return this.limiter?.waiting ?? 0;
  }

  /** Answers on their way to clients, counted where requests are recorded. */
  get openAnswers(): number {
    return this.recorder?.openAnswers ?? 0;
  }

  /** Answers one request; undefined when it became a WebSocket. Never rejects. */
  async handle(request: Request, edge: Edge): Promise<Response | undefined> {
    const started = performance.now();
    edge.liftIdleLimit(request);
    this.recorder?.begun();
    let response: Response | undefined;
    try {
      const admitted = this.admit(request, edge, started);
      if (admitted instanceof Response) response = this.turnAway(request, edge, admitted, started);
      else response = await this.exchange(admitted);
    } catch (error) {
      response = this.turnAway(request, edge, this.refuseError(error), started);
    }
    if (response === undefined) return undefined;
    if (this.cors.enabled) this.cors.stamp(request, response);
    // A body that streams lifts it again while it does. In this order a path that forgets it is limited.
    edge.restoreIdleLimit(request);
    return response;
  }

  /** The refusal of a client whose address is not let in. For aifd's own paths, too. */
  refuseAddress(request: Request, edge: Edge): Response | undefined {
    return this.addresses.admits(request, edge) ? undefined : withId(refuse('address_not_allowed'));
  }

  /** The gates, cheapest first: each lets the request go on or answers it. */
  private admit(request: Request, edge: Edge, started: number): Exchange | Response {
    const unwelcome = this.refuseAddress(request, edge);
    if (unwelcome) return unwelcome;
    const preflight = this.cors.enabled ? this.cors.preflight(request) : undefined;
    if (preflight) return withId(preflight);
    const destination = this.destinations.find(request.url);
    if (destination === undefined || request.method === 'CONNECT')
      return withId(refuse('invalid_request_target'));
    if (typeof destination === 'string')
      return withId(refuse('not_found', `No target takes ${withoutQuery(destination)}.`));
    const { path, upstream } = destination;
    const credentials = this.keyring.admit(request, path, upstream.target.keys.length > 0);
    if (credentials instanceof Response) return withId(credentials);
    // TRACE echoes the request, and the real key with it (RFC 9110 §9.3.8).
    if (request.method === 'TRACE' && credentials.kind === 'replace')
      return withId(refuse('method_not_allowed'));
    const wrongBody = this.checkBody(request);
    if (wrongBody) return withId(wrongBody);
    const { method } = request;
    const handshake = wantsWebSocket(request) ? newHandshake() : undefined;
    const body = { kind: 'none' } as const;
    return {
      request,
      edge,
      method,
      destination,
      credentials,
      handshake,
      body,
      reading: undefined,
      passing: undefined,
      started,
      client: request,
      user: undefined,
      family: undefined,
      caching: undefined,
      cache: undefined,
      ticket: undefined,
      span: this.config.otelExporterOtlpEndpoint === '' ? undefined : spanOf(request),
      asked: undefined,
      headed: undefined,
      queuedMs: 0,
      attempts: 0,
    };
  }

  /** An admitted request and its answer, told of when it has ended. */
  private async exchange(exchange: Exchange): Promise<Response | undefined> {
    const answer = await this.answer(exchange);
    if (answer instanceof Response) {
      this.recorder?.refused(exchange, answer);
      return answer;
    }
    if (answer.upgraded) {
      const refusal = joinWebSockets(exchange, answer, requestId, this.turnServices);
      if (refusal) this.recorder?.refused(exchange, refusal);
      return refusal;
    }
    identify(answer.head.headers);
    this.recorder?.answered(exchange, answer);
    if (this.config.serverTiming) addTiming(exchange, answer);
    return toResponse(answer, exchange) ?? withId(refuse('upstream_invalid_response'));
  }

  private turnAway(request: Request, edge: Edge, refusal: Response, started: number): Response {
    this.recorder?.turnedAway(request, edge, refusal, started);
    return refusal;
  }

  /** Under its limits, to the cache or its upstream and back. */
  private async answer(exchange: Exchange): Promise<Answer | Response> {
    const ticket = (exchange.ticket = this.limiter?.ticket(exchange));
    this.cache?.note(exchange);
    const isRead = exchange.family !== undefined || this.recorder?.wantsBodies(exchange);
    const wholeUpTo = isRead ? MOST_WHOLE : ticket?.wholeBody;
    const { request } = exchange;
    exchange.body = await readBody(request, this.config.idleTimeout, wholeUpTo, ticket?.wholeForm);
    const encoding = request.headers.get('content-encoding');
    if (encoding !== null && (ticket?.wholeBody || this.recorder?.reads))
      await decodeRequest(exchange, encoding);
    const own = this.checkRead(exchange.body) ?? takeOwnField(exchange);
    const wrong = own instanceof Promise ? await own : own;
    if (wrong) return withId(wrong);
    if (exchange.body.kind === 'stream') this.recorder?.passing(exchange, exchange.body);
    const entering = ticket?.enter();
    const refusal = entering instanceof Promise ? await entering : entering;
    // No sink wants it, and the exchange may last for minutes.
    if (exchange.reading && !this.recorder?.wantsBodies(exchange)) exchange.reading.forgetJson();
    if (refusal) return withId(refusal);
    const ask = (client: ClientWatch) => this.ask(exchange, client);
    const outcome = await (this.cache ? this.cache.answer(exchange, ask) : ask(exchange.request));
    if (outcome instanceof Response) return this.unanswered(exchange, outcome);
    if (outcome instanceof WireFailure) {
      // Those who waited with the request that got no place have had nothing done for them either.
      if (outcome instanceof NoPlace) ticket?.giveBack();
      return this.unanswered(exchange, refusalOf(outcome, exchange));
    }
    if (isSpared(exchange)) ticket?.spared();
    return outcome;
  }

  /**
   * Asks the upstream, once there is a place; the request that asks owes what it costs, though others may share the
   * answer.
   */
  private async ask(exchange: Exchange, client: ClientWatch): Promise<Answer | WireFailure> {
    const { ticket } = exchange;
    exchange.client = client;
    const placed = ticket?.takePlace(client);
    const noPlace = placed instanceof Promise ? await waited(exchange, placed) : placed;
    if (noPlace) return noPlace;
    exchange.asked = performance.now();
    const outcome = await forward(exchange, this.config).catch((error: unknown) => {
      ticket?.ended();
      throw error;
    });
    exchange.headed = performance.now();
    if (!(outcome instanceof WireFailure)) clean(outcome, exchange);
    if (outcome instanceof WireFailure) ticket?.ended(outcome);
    else if (!outcome.upgraded) ticket?.answered(outcome);
    return outcome;
  }

  private unanswered(exchange: Exchange, refusal: Response): Response {
    const { ticket } = exchange;
    // Whoever asked has settled it already.
    if (exchange.cache !== 'miss') ticket?.ended();
    // It was counted: the client may know what remains.
    for (const [name, value] of ticket?.headers ?? []) refusal.headers.append(name, value);
    return withId(refusal);
  }

  /** To be called before clients are cut: what of theirs is open is told of as stopped. */
  stopping(): void {
    this.recorder?.stopping();
    this.limiter?.stopping();
  }

  /** Closes idle upstream connections and the stores. */
  async close(): Promise<void> {
    this.upstreams.close();
    await Promise.all([this.stores.windows?.close(), this.cache?.close(), this.recorder?.close()]);
  }

  private checkBody({ method, headers }: Request): Response | undefined {
    const bodiless = method === 'GET' || method === 'HEAD';
    // Bun's server has thrown it away by now: better a refusal than a request that lost something.
    if (bodiless && (headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0)) {
      return refuse('body_not_supported', `A body cannot be forwarded with ${method}.`);
    }
    const declared = headers.get('content-length');
    // `5, 5` is what two equal fields come to (RFC 9110 §8.6): nothing may be left to how the upstream reads them.
    if (declared !== null && !isPlainNumber(declared))
      return refuse(
        'invalid_content_length',
        `Content-Length is '${declared.slice(0, 40)}', not one number.`,
      );
    const { maxBodySize } = this.config;
    if (maxBodySize === 0) return undefined;
    const length = Number(declared ?? 0);
    if (length <= maxBodySize) return undefined;
    return refuse(
      'request_too_large',
      `The request body has ${length} bytes; up to ${maxBodySize} are accepted.`,
    );
  }

  /** A chunked body has no length until it was read. */
  private checkRead(body: RequestBody): Response | undefined {
    const { maxBodySize } = this.config;
    if (maxBodySize === 0 || body.kind !== 'bytes' || body.bytes.length <= maxBodySize) return undefined;
    return refuse('request_too_large', `The request body has more than ${maxBodySize} bytes.`);
  }

  private refuseError(error: unknown): Response {
    if (error instanceof WireFailure) return withId(refuseFailed(error, 'the upstream'));
    this.onError(error);
    return withId(refuse('internal_error'));
  }
}

function isPlainNumber(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text.length > 0 && text.length <= 15;
}

/** Before anything reads the response: what is cached, and what other clients share, holds no real key either. */
function clean({ head }: Answer, { destination, credentials }: Exchange): void {
  const { target, realKeys } = destination.upstream;
  cleanFields(head.headers, target, credentials.kind === 'replace' ? realKeys : undefined);
}

/** Made before the upstream is asked: it is told of it. */
function spanOf({ headers }: Request): SpanContext {
  const span = newSpanContext(headers.get('traceparent') ?? undefined);
  headers.set('traceparent', span.header);
  return span;
}

/** What each stage took, until the answer goes out. */
function addTiming({ started, asked, headed, queuedMs, cache }: Exchange, { head }: Answer): void {
  const upstream = asked === undefined || headed === undefined ? undefined : headed - asked;
  const aifd = performance.now() - started - queuedMs - (upstream ?? 0);
  const isCached = cache === 'hit' || cache === 'stale';
  const value = serverTiming({
    aifd,
    ...(queuedMs > 0 && { queue: queuedMs }),
    ...(upstream !== undefined && !isCached && { upstream }),
  });
  if (value !== undefined) head.headers.push(['server-timing', value]);
}

/** Measures how long the request waits for its place. */
async function waited<T>(exchange: Exchange, placed: Promise<T>): Promise<T> {
  const since = performance.now();
  const outcome = await placed;
  exchange.queuedMs = performance.now() - since;
  return outcome;
}

function refusalOf(failure: WireFailure, { destination }: Exchange): Response {
  if (failure instanceof NoPlace) return refuseNoPlace(failure);
  return refuseFailed(failure, destination.upstream.target.name);
}

/** It cost nothing upstream that another request does not pay. */
function isSpared({ cache }: Exchange): boolean {
  return cache === 'hit' || cache === 'stale' || cache === 'collapsed';
}
