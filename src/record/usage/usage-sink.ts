import { ConfigError } from '../../config/error.ts';
import { UsageStore } from '../../store/usage/lmdb.ts';
import { isFromCache, type UsageRecord } from '../../store/usage/store.ts';
import type { Happening, Sink } from '../happening.ts';
import { type PriceList, Prices } from './prices.ts';

/** What usage needs of the configuration. */
export interface UsageConfig {
  readonly dataDir: string;
  /** How long figures are kept, seconds. */
  readonly usageKeep: number;
  readonly prices: PriceList;
}

/** Exchanges that are kept one by one. */
const LAST_EXCHANGES = 10_000;

/**
 * Usage as a sink.
 *
 * @param say - told in a line when the disk does not take it
 * @throws ConfigError that has the path and the reason when the folder can't be used
 */
export function openUsage(
  { dataDir, usageKeep, prices }: UsageConfig,
  say: (line: string) => void,
): UsageSink {
  const options = { keepMs: usageKeep * 1000, exchanges: LAST_EXCHANGES, onProblem: say };
  try {
    return new UsageSink(new UsageStore(dataDir, options), new Prices(prices));
  } catch (error) {
    throw new ConfigError([`USAGE is true: ${(error as Error).message}`]);
  }
}

/** Counts what each exchange came to, and what it cost. */
export class UsageSink implements Sink {
  constructor(
    private readonly store: UsageStore,
    private readonly prices: Prices,
  ) {}

  happened(happening: Happening): void {
    this.store.add(recordOf(happening, this.prices));
  }

  async close(): Promise<void> {
    await this.store.close();
  }
}

/** What is counted of an exchange. */
export function recordOf(happening: Happening, prices: Prices): UsageRecord {
  const { usage, cache, model, attempts } = happening;
  const isFree = isFromCache(cache);
  const input = amount(usage?.input);
  const output = amount(usage?.output);
  const cached = amount(usage?.cached);
  const { priced, seconds } = usage ?? {};
  const hasTokens = input !== undefined || output !== undefined || seconds !== undefined;
  const cost = hasTokens ? prices.costOf(model, { ...priced, input, output, cached, seconds }) : undefined;
  return {
    at: happening.at,
    user: happening.user,
    target: happening.target,
    route: happening.route,
    model,
    status: happening.status,
    end: happening.end,
    stream: happening.stream,
    input,
    output,
    cached,
    reasoning: amount(usage?.reasoning),
    isReported: usage?.reported === true,
    cost: isFree ? 0 : cost,
    isUnpriced: hasTokens && !isFree && cost === undefined,
    saved: isFree ? (cost ?? 0) : 0,
    durationMs: happening.durationMs,
    firstByteMs: happening.firstByteMs,
    sayingMs: isFree || !output ? 0 : sayingMs(happening),
    cache,
    retries: Math.max(0, attempts - 1),
  };
}

/** A stream that is over so soon after its first byte was held back until its end. */
const AT_ONCE_MS = 10;

/** How long the upstream was at its output: in a stream from the first byte, else from when it could begin. */
function sayingMs({ streamed, durationMs, firstByteMs, queueMs }: Happening): number {
  const since = streamed && firstByteMs !== undefined ? durationMs - firstByteMs : 0;
  return since > AT_ONCE_MS ? since : Math.max(0, durationMs - queueMs);
}

/** Upstreams say what they like: only what a token count can be is added up. */
function amount(value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  return value >= 0 && value <= 1e9 ? Math.round(value) : undefined;
}
