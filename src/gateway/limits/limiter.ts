import type { RouteLimit } from '../../config/limit-kinds.ts';
import type { Config } from '../../config/options.ts';
import type { Strategy, WindowStore } from '../../store/windows/store.ts';
import type { AddressRules } from '../admit/address.ts';
import type { Destination } from '../destination.ts';
import type { Exchange } from '../exchange.ts';
import type { Upstream } from '../route/upstream.ts';
import { Rule } from './meters.ts';
import { FairQueue, UserSlots } from './queue.ts';
import { RouteTable } from '../route/routes.ts';
import { Ticket } from './ticket.ts';
import { userOf } from '../admit/user.ts';

/** True when some option asks for windows, and so for a store. */
export function needsWindows(config: Config): boolean {
  const routes = [...config.reqRateLimit, ...config.tokensLimit];
  return routes.some(({ limits }) => limits.length > 0) || config.globalRateLimit.limits.length > 0;
}

/** True when any limit is set at all. */
export function limitsAnything(config: Config): boolean {
  const { concurrencyLimit, userConcurrencyLimit, tokenRateLimit } = config;
  return (
    needsWindows(config) || concurrencyLimit > 0 || userConcurrencyLimit > 0 || tokenRateLimit.length > 0
  );
}

/** All limits of the gateway: which ones a request is under, and what it needs to pass them. */
export class Limiter {
  private readonly requests: RouteTable<Rule>;
  private readonly others: Rule;
  private readonly tokens: RouteTable<Rule>;
  private readonly paces: RouteTable<number>;
  private readonly strategy: Strategy;
  private readonly slots: UserSlots;
  private readonly state = { isStopping: false };
  private readonly queues = new Map<Upstream, FairQueue>();

  /** @param store - undefined when {@link needsWindows} says that none is needed */
  constructor(
    private readonly config: Config,
    private readonly store: WindowStore | undefined,
    private readonly addresses: AddressRules,
  ) {
    this.strategy = config.rateLimitStrategy;
    const { targets } = config;
    this.requests = new RouteTable(rules(config.reqRateLimit, 'requests', this.strategy), targets);
    this.others = new Rule('requests', '*', config.globalRateLimit.limits, this.strategy);
    this.tokens = new RouteTable(rules(config.tokensLimit, 'tokens', this.strategy), targets);
    this.paces = new RouteTable(
      config.tokenRateLimit.map(({ route, limits: [pace] }) => ({
        route,
        rule: pace ? pace.windowMs / pace.amount : 0,
      })),
      targets,
    );
    this.slots = new UserSlots(config.userConcurrencyLimit);
  }

  /** What the exchange needs to pass. Nothing is counted yet. */
  ticket(exchange: Exchange): Ticket {
    const { canonical, upstream } = exchange.destination;
    // A connection's first turn was counted with its handshake.
    const requests = exchange.turn?.isPaid ? undefined : (this.requests.find(canonical) ?? this.others);
    const tokens = isFree(exchange.destination) ? undefined : this.tokens.find(canonical);
    const applying = [requests, tokens].filter((rule) => rule !== undefined && rule.size > 0) as Rule[];
    const terms = {
      user: userOf(exchange, this.addresses),
      rules: applying,
      queue: this.queueOf(upstream),
      paceMs: this.paces.find(canonical) ?? 0,
      strategy: this.strategy,
      store: this.store,
      state: this.state,
    };
    return new Ticket(exchange, terms);
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    let all = 0;
    for (const queue of this.queues.values()) all += queue.waiting;
    return all;
  }

  /** To be called before clients are cut: they owe what came, and not what was reserved. */
  stopping(): void {
    this.state.isStopping = true;
  }

  private queueOf(upstream: Upstream): FairQueue | undefined {
    const { concurrencyLimit, userConcurrencyLimit, queueSize, queueTimeout } = this.config;
    if (concurrencyLimit === 0 && userConcurrencyLimit === 0) return undefined;
    let queue = this.queues.get(upstream);
    if (!queue) {
      const options = {
        limit: concurrencyLimit,
        perUser: userConcurrencyLimit,
        size: queueSize,
        timeoutMs: queueTimeout * 1000,
      };
      queue = new FairQueue(options, this.slots);
      this.queues.set(upstream, queue);
    }
    return queue;
  }
}

/**
 * Routes that cost no tokens upstream: they count tokens, or judge a text for nothing. Whole paths, as an upstream may
 * take what is below another route for that route.
 */
const free =
  /^\/v1(?:\/(?:api|openai|anthropic)(?:\/v1)?)?\/(?:messages\/count_tokens|responses\/input_tokens|moderations|tokenize|detokenize)$/;

/** Gemini's form of it. */
const freeModel = /^\/v1(?:alpha|beta)?\/(?:v1(?:alpha|beta)?\/)?models\/[^/:]+:counttokens$/;

function isFree({ plain, canonical, upstream }: Destination): boolean {
  const { prefix } = upstream.target;
  const path = prefix === '/' ? canonical : canonical.slice(prefix.length);
  // Written plainly: with parameters or escapes an upstream may read another path.
  return (free.test(path) || freeModel.test(path)) && !odd.test(plain);
}

const odd = /[;%\\]/;

function rules(routes: readonly RouteLimit[], counted: 'requests' | 'tokens', strategy: Strategy) {
  return routes.map(({ route, limits }) => ({ route, rule: new Rule(counted, route, limits, strategy) }));
}
