import type { Happening, Sink, Tokens } from '../happening.ts';
import { definitions } from './definitions.ts';
import type { FamilySnapshot } from './family.ts';
import { errorLabelOf, isFromCache, operationOf, statusLabel } from './gen-ai.ts';
import { BoundedNames, OTHER } from './names.ts';
import { render } from './render.ts';
import { families, type ModelSeries, TargetSeries } from './series.ts';

/** Labels that clients choose: so many values, then `other`. */
const MOST_MODELS = 200;
const MOST_ROUTES = 100;

/** What is asked at a scrape and not counted. */
export interface Gauges {
  /** Answers on their way. */
  openStreams?(): number | undefined;
  /** Requests that wait for a place. */
  queued?(): number | undefined;
}

/** Counts what happens in this process, in numbers of its own: a client library writes them out when they are asked for. */
export class Metrics implements Sink {
  private readonly families = families();
  private readonly targets = new Map<string, TargetSeries>();
  private readonly models = new BoundedNames(MOST_MODELS);
  private readonly routes = new BoundedNames(MOST_ROUTES);

  constructor(private readonly gauges: Gauges = {}) {}

  happened(happening: Happening): void {
    const { target, status, end } = happening;
    const isProven = status < 400 && end !== 'refused' && end !== 'failed';
    let series = this.targets.get(target);
    if (!series) this.targets.set(target, (series = new TargetSeries(this.families, target)));
    this.countRequest(happening, series, isProven);
    this.countTroubles(happening, series);
    const operation = operationOf(happening.family);
    // What was refused before a target was found is no operation on any server.
    if (operation === undefined || target === '') return;
    const model = series.model(this.models.label(happening.model, isProven), operation);
    countOperation(happening, model);
    if (happening.usage) countTokens(happening.usage, isFromCache(happening), model);
  }

  /** The numbers of this process, as other processes are told them. */
  snapshot(): FamilySnapshot[] {
    const { user, system } = process.cpuUsage();
    return [
      ...Object.values(this.families).map((family) => family.snapshot()),
      single(definitions.openStreams.name, this.gauges.openStreams?.() ?? 0),
      single(definitions.queued.name, this.gauges.queued?.() ?? 0),
      single(definitions.cpu.name, (user + system) / 1e6),
      single(definitions.memory.name, process.memoryUsage.rss()),
      single(definitions.started.name, performance.timeOrigin / 1000),
      single(definitions.workers.name, 1),
      single(definitions.unanswered.name, 0),
    ];
  }

  /** This process's numbers alone, in Prometheus text. */
  render(): Promise<string> {
    return render([this.snapshot()]);
  }

  private countRequest(happening: Happening, target: TargetSeries, isProven: boolean): void {
    const { method, status, durationMs, firstByteMs, overheadMs, cache } = happening;
    const route = target.route(this.routes.label(happening.route, isProven));
    route.requests(method, status).value++;
    route.duration.observe(durationMs / 1000);
    route.overhead.observe(overheadMs / 1000);
    if (firstByteMs !== undefined) route.firstByte.observe(firstByteMs / 1000);
    if (cache !== undefined) route.cache(cache).value++;
  }

  private countTroubles(happening: Happening, target: TargetSeries): void {
    const { end, code, status, attempts, queueMs } = happening;
    target.end(end).value++;
    if (end === 'refused') target.refusal(code ?? OTHER).value++;
    const kind = upstreamErrorOf(happening);
    if (kind === 'status') target.upstreamError(kind, statusLabel(status)).value++;
    else if (kind !== undefined) target.upstreamError(kind, '').value++;
    if (attempts > 1) target.retries.value += attempts - 1;
    if (queueMs > 0) target.queueWait.observe(queueMs / 1000);
  }
}

function countOperation(happening: Happening, model: ModelSeries): void {
  const { durationMs, queueMs, overheadMs, firstByteMs, attempts, usage } = happening;
  // A plain answer to who asked for a stream tells nothing of how its tokens came.
  const { stream, streamed = stream } = happening;
  const error = errorLabelOf(happening);
  model.request(error).observe(durationMs / 1000);
  const isCached = isFromCache(happening);
  // All that aifd and its queue did not take, the upstream took.
  if (attempts > 0 && !isCached) {
    model.operation(error).observe(Math.max(0, durationMs - queueMs - overheadMs) / 1000);
  }
  // A kept answer tells nothing of how fast a model is.
  if (!streamed || error !== '' || isCached || firstByteMs === undefined) return;
  model.firstToken.observe(firstByteMs / 1000);
  const output = usage?.reported ? (usage.output ?? 0) : 0;
  if (output > 1) model.eachToken.observe((durationMs - firstByteMs) / 1000 / (output - 1));
}

function countTokens(usage: Tokens, isCached: boolean, model: ModelSeries): void {
  const { input, output, cached, reasoning, reported } = usage;
  const source = isCached ? 'cache' : reported ? 'upstream' : 'estimate';
  add(model, 'input', source, input);
  add(model, 'output', source, output);
  add(model, 'cached', source, cached);
  add(model, 'reasoning', source, reasoning);
  // By the conventions: only what is billed, and never a guess.
  if (source !== 'upstream') return;
  if (input !== undefined) model.usage('input').observe(input);
  if (output !== undefined) model.usage('output').observe(output);
}

function add(model: ModelSeries, type: string, source: string, count: number | undefined): void {
  // The number is the upstream's word: a counter must never fall, nor become no number.
  if (count !== undefined && count > 0 && count < Infinity) model.tokens(type, source).value += count;
}

/** What is wrong with an upstream, its keys or its quotas; any other 4xx is the request's own affair. */
function upstreamErrorOf({ end, code, status, attempts, cache }: Happening): string | undefined {
  if (end === 'failed') return kindOf(code);
  if (end === 'cut') return 'cut';
  // Who shares an answer, or got a kept one, asked no upstream.
  if (attempts === 0) return undefined;
  if (cache === 'stale') return 'stale';
  if (end === 'errored') return 'in_stream';
  const isTrouble = status >= 500 || status === 429 || (status >= 401 && status <= 403);
  return isTrouble ? 'status' : undefined;
}

function kindOf(code: string | undefined): string {
  return code?.replace(/^upstream_/, '') ?? OTHER;
}

function single(name: string, value: number): FamilySnapshot {
  return { name, series: [{ labels: [], values: [value] }] };
}
