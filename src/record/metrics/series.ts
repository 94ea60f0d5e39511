import { definitions } from './definitions.ts';
import { type Cell, counters, histograms, type Spread } from './family.ts';
import { methods, placeOf } from './gen-ai.ts';
import { OTHER } from './names.ts';

/** Finds what was made once for a key, or makes it. */
function once<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** All metrics of this process that are counted as exchanges end. */
export function families() {
  return {
    requests: counters(definitions.requests),
    ends: counters(definitions.ends),
    duration: histograms(definitions.duration),
    firstByte: histograms(definitions.firstByte),
    overhead: histograms(definitions.overhead),
    queueWait: histograms(definitions.queueWait),
    upstreamErrors: counters(definitions.upstreamErrors),
    retries: counters(definitions.retries),
    cache: counters(definitions.cache),
    refusals: counters(definitions.refusals),
    tokens: counters(definitions.tokens),
    tokenUsage: histograms(definitions.tokenUsage),
    operation: histograms(definitions.operation),
    serverDuration: histograms(definitions.serverDuration),
    firstToken: histograms(definitions.firstToken),
    eachToken: histograms(definitions.eachToken),
  };
}
export type Families = ReturnType<typeof families>;

/** The series of one target. */
export class TargetSeries {
  private readonly routes = new Map<string, RouteSeries>();
  private readonly models = new Map<string, Map<string, ModelSeries>>();
  private readonly ends = new Map<string, Cell>();
  private readonly errors = new Map<string, Cell>();
  private readonly codes = new Map<string, Cell>();
  private waits: Spread | undefined;
  private retried: Cell | undefined;

  constructor(
    private readonly all: Families,
    private readonly target: string,
  ) {}

  route(route: string): RouteSeries {
    return once(this.routes, route, () => new RouteSeries(this.all, this.target, route));
  }

  model(model: string, operation: string): ModelSeries {
    const ofModel = once(this.models, model, () => new Map<string, ModelSeries>());
    return once(ofModel, operation, () => new ModelSeries(this.all, this.target, model, operation));
  }

  end(end: string): Cell {
    return once(this.ends, end, () => this.all.ends.with(end, this.target));
  }

  /** @param status - empty where there was none */
  upstreamError(kind: string, status: string): Cell {
    return once(this.errors, kind + status, () => this.all.upstreamErrors.with(kind, status, this.target));
  }

  refusal(code: string): Cell {
    return once(this.codes, code, () => this.all.refusals.with(code, this.target));
  }

  get queueWait(): Spread {
    return (this.waits ??= this.all.queueWait.with(this.target));
  }

  get retries(): Cell {
    return (this.retried ??= this.all.retries.with(this.target));
  }
}

/** The series of one route of a target. */
class RouteSeries {
  readonly duration: Spread;
  readonly overhead: Spread;
  private readonly answers = new Map<number, Cell>();
  private readonly caches = new Map<string, Cell>();
  private first: Spread | undefined;

  constructor(
    private readonly all: Families,
    private readonly target: string,
    private readonly name: string,
  ) {
    this.duration = all.duration.with(name, target);
    this.overhead = all.overhead.with(name, target);
  }

  requests(method: string, status: number): Cell {
    const index = methods.indexOf(method);
    return once(this.answers, status * 16 + index, () =>
      this.all.requests.with(methods[index] ?? OTHER, this.name, String(status), this.target),
    );
  }

  cache(use: string): Cell {
    return once(this.caches, use, () => this.all.cache.with(use, this.name, this.target));
  }

  get firstByte(): Spread {
    return (this.first ??= this.all.firstByte.with(this.name, this.target));
  }
}

/** The series of one model of a target, for one operation. */
export class ModelSeries {
  private readonly labels: readonly string[];
  private readonly tokensBy = new Map<string, Map<string, Cell>>();
  private readonly usages = new Map<string, Spread>();
  private readonly operations = new Map<string, Spread>();
  private readonly requests = new Map<string, Spread>();
  private first: Spread | undefined;
  private each: Spread | undefined;

  constructor(
    private readonly all: Families,
    private readonly target: string,
    private readonly name: string,
    operation: string,
  ) {
    const { provider, address, port } = placeOf(target);
    this.labels = [operation, provider, name, address, port === undefined ? '' : String(port)];
  }

  tokens(type: string, source: string): Cell {
    const ofSource = once(this.tokensBy, source, () => new Map<string, Cell>());
    return once(ofSource, type, () => this.all.tokens.with(type, source, this.name, this.target));
  }

  usage(type: string): Spread {
    return once(this.usages, type, () => this.all.tokenUsage.with(...this.labels, type));
  }

  operation(error: string): Spread {
    return once(this.operations, error, () => this.all.operation.with(...this.labels, error));
  }

  request(error: string): Spread {
    return once(this.requests, error, () => this.all.serverDuration.with(...this.labels, error));
  }

  get firstToken(): Spread {
    return (this.first ??= this.all.firstToken.with(...this.labels));
  }

  get eachToken(): Spread {
    return (this.each ??= this.all.eachToken.with(...this.labels));
  }
}
