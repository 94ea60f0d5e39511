import type { Config } from '../../config/options.ts';
import type { Target } from '../../config/targets.ts';
import { RealKeys } from '../response-fields.ts';
import { RetryBudget } from '../upstream/budget.ts';
import { KeyTurns } from '../upstream/key-turns.ts';
import { WireClient } from '../upstream/wire/client.ts';
import type { Origin, Proxy } from '../upstream/wire/types.ts';
import type { WireFailure } from '../upstream/wire/failure.ts';

/** A target at work: its connections, its real keys, its retry budget. */
export class Upstream {
  readonly client: WireClient;
  readonly budget = new RetryBudget();
  readonly keys: KeyTurns;
  /** What must not come back in a response; undefined when the target has no keys. */
  readonly realKeys: RealKeys | undefined;
  private gone = false;

  /** @param say - told when the target goes and comes back, a line each */
  constructor(
    readonly target: Target,
    config: Config,
    private readonly say: (message: string) => void,
  ) {
    this.keys = new KeyTurns(target.keys, (message) => say(`${target.name} ${message}`));
    if (target.keys.length > 0) this.realKeys = new RealKeys(target.keys);
    this.client = new WireClient(originOf(target, config.proxy), {
      connectTimeout: config.timeout,
      firstByteTimeout: config.firstByteTimeout,
      idleTimeout: config.idleTimeout,
      totalTimeout: config.totalTimeout,
      maxBodySize: config.maxBodySize,
    });
  }

  /** Notes how an attempt went, so that the operator hears of a target that goes, once, and of its return. */
  note(failure: WireFailure | undefined): void {
    if (!failure) {
      if (this.gone) this.say(`${this.target.name} answers again`);
      this.gone = false;
    } else if (failure.neverConnected && !this.gone) {
      this.gone = true;
      this.say(`${this.target.name} cannot be reached: ${failure.message}`);
    }
  }

  /**
   * The path upstream of a request this target takes: the prefix off, the base's own path before it, `/v1` once.
   * All else stays as the client wrote it.
   */
  pathFor(path: string): string {
    const { prefix, basePath } = this.target;
    let rest = prefix === '/' ? path : path.slice(prefix.length);
    if (basePath.endsWith('/v1') && isUnder(rest, '/v1')) rest = rest.slice('/v1'.length);
    return basePath === '' && !rest.startsWith('/') ? `/${rest}` : basePath + rest;
  }
}

/** All upstreams, in the order in which prefixes are tried: the longest first. */
export class Upstreams {
  private readonly all: readonly Upstream[];

  /** @param say - told what the operator should know of a target */
  constructor(config: Config, say: (message: string) => void = () => {}) {
    this.all = config.targets.map((target) => new Upstream(target, config, say));
  }

  /** The one that takes `path`, by the longest prefix. */
  find(path: string): Upstream | undefined {
    return this.all.find(({ target }) => target.prefix === '/' || isUnder(path, target.prefix));
  }

  /** Closes idle connections. */
  close(): void {
    for (const upstream of this.all) upstream.client.close();
  }
}

/** `/openai` takes `/openai`, `/openai/x` and `/openai?x`, and not `/openai.evil` or `/openai:9102`. */
function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === 0x2f /* / */ || next === 0x3f; /* ? */
}

function originOf(target: Target, proxy: string | undefined): Origin {
  const { protocol, hostname, port } = target;
  return { protocol, hostname, port, proxy: proxy ? parseProxy(proxy) : undefined };
}

function parseProxy(address: string): Proxy {
  const url = new URL(address);
  const protocol = url.protocol as Proxy['protocol'];
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    protocol,
    hostname: url.hostname,
    port: Number(url.port) || (protocol === 'https:' ? 443 : 80),
    authorization: url.username ? `Basic ${Buffer.from(credentials).toString('base64')}` : undefined,
  };
}
