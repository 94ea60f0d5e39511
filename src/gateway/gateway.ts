import type { Config } from '../config/options.ts';
import type { WindowStore } from '../store/windows/store.ts';
import { AddressRules } from './admit/address.ts';
import { Cors } from './admit/cors.ts';
import { Keyring } from './admit/keys.ts';
import { toResponse } from './answer.ts';
import { readBody, type RequestBody } from './body.ts';
import { refuse } from './errors.ts';
import type { Edge, Exchange } from './exchange.ts';
import { Limiter, limitsAnything } from './limits/limiter.ts';
import { forwardablePath } from './path.ts';
import { requestId, withId } from './request-id.ts';
import { forward, refuseFailed } from './upstream/forward.ts';
import { Upstreams } from './upstream/upstreams.ts';
import { WireFailure } from './upstream/wire/failure.ts';
import { joinWebSockets } from './websocket/join.ts';
import { newHandshake, wantsWebSocket } from './websocket/upgrade.ts';

/** The way of every request: refused at one of the gates, or forwarded. */
export class Gateway {
  private readonly addresses: AddressRules;
  private readonly keyring: Keyring;
  private readonly upstreams: Upstreams;
  private readonly cors: Cors;
  private readonly limiter: Limiter | undefined;

  /**
   * @param config - what is in force
   * @param onError - told of an error that is aifd's own fault; the client gets a 500
   * @param windows - where the windows of limits live, when any limit needs them
   * @param say - told what the operator should know, a line at a time
   */
  constructor(
    private readonly config: Config,
    private readonly onError: (error: unknown) => void,
    private readonly windows?: WindowStore,
    say?: (message: string) => void,
  ) {
    this.addresses = new AddressRules(config);
    this.keyring = new Keyring(config);
    this.upstreams = new Upstreams(config, say);
    this.cors = new Cors(config.corsOrigins);
    if (limitsAnything(config)) this.limiter = new Limiter(config, windows, this.addresses);
  }

  /** Answers one request; undefined when it became a WebSocket. Never rejects. */
  async handle(request: Request, edge: Edge): Promise<Response | undefined> {
    let response: Response | undefined;
    try {
      const admitted = this.admit(request, edge);
      response = admitted instanceof Response ? admitted : await this.exchange(admitted);
    } catch (error) {
      response = this.refuseError(error);
    }
    if (response && this.cors.enabled) this.cors.stamp(request, response);
    return response;
  }

  /** The gates, cheapest first: each lets the request go on or answers it. */
  private admit(request: Request, edge: Edge): Exchange | Response {
    if (!this.addresses.admits(request, edge)) return withId(refuse('address_not_allowed'));
    const preflight = this.cors.enabled ? this.cors.preflight(request) : undefined;
    if (preflight) return withId(preflight);
    const path = forwardablePath(request.url);
    if (path === undefined || request.method === 'CONNECT') return withId(refuse('invalid_request_target'));
    const upstream = this.upstreams.find(path);
    if (!upstream) return withId(refuse('not_found', `No target takes ${withoutQuery(path)}.`));
    const credentials = this.keyring.admit(request, path, upstream.target.keys.length > 0);
    if (credentials instanceof Response) return withId(credentials);
    // TRACE echoes the request, and the real key with it (RFC 9110 §9.3.8).
    if (request.method === 'TRACE' && credentials.kind === 'replace')
      return withId(refuse('method_not_allowed'));
    const wrongBody = this.checkBody(request);
    if (wrongBody) return withId(wrongBody);
    const upstreamPath = upstream.pathFor(path);
    const { method } = request;
    const handshake = wantsWebSocket(request) ? newHandshake() : undefined;
    const body = { kind: 'none' } as const;
    const started = performance.now();
    return {
      request,
      edge,
      method,
      path,
      upstream,
      upstreamPath,
      credentials,
      handshake,
      body,
      started,
      ticket: undefined,
      attempts: 0,
    };
  }

  /** An admitted request, under its limits, to its upstream and back. */
  private async exchange(exchange: Exchange): Promise<Response | undefined> {
    const ticket = (exchange.ticket = this.limiter?.ticket(exchange));
    exchange.body = await readBody(exchange.request, this.config.idleTimeout, ticket?.wholeBody);
    const tooLong = this.checkRead(exchange.body);
    if (tooLong) return withId(tooLong);
    const entering = ticket?.enter();
    const refusal = entering instanceof Promise ? await entering : entering;
    if (refusal) return withId(refusal);
    const outcome = await forward(exchange, this.config).catch((error: unknown) => {
      ticket?.ended();
      throw error;
    });
    if (outcome instanceof WireFailure) return this.unanswered(exchange, outcome);
    if (outcome.upgraded) return joinWebSockets(exchange, outcome, requestId);
    ticket?.answered(outcome);
    return toResponse(outcome, requestId, ticket) ?? withId(refuse('upstream_invalid_response'));
  }

  private unanswered({ ticket, upstream }: Exchange, failure: WireFailure): Response {
    ticket?.ended(failure);
    const response = withId(refuseFailed(failure, upstream.target.name));
    // It was counted: the client may know what remains.
    for (const [name, value] of ticket?.headers ?? []) response.headers.append(name, value);
    return response;
  }

  /** Closes idle upstream connections and the windows. */
  async close(): Promise<void> {
    this.upstreams.close();
    await this.windows?.close();
  }

  private checkBody({ method, headers }: Request): Response | undefined {
    const bodiless = method === 'GET' || method === 'HEAD';
    // Bun's server has thrown it away by now: better a refusal than a request that lost something.
    if (bodiless && (headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0)) {
      return refuse('body_not_supported', `A body cannot be forwarded with ${method}.`);
    }
    const { maxBodySize } = this.config;
    if (maxBodySize === 0) return undefined;
    const length = Number(headers.get('content-length') ?? 0);
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

function withoutQuery(path: string): string {
  return path.split('?', 1)[0]!;
}
