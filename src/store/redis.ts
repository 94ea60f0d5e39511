import { RedisClient } from 'bun';
import { hitScript, settleScript } from './redis-scripts.ts';
import {
  type Decision,
  KEPT_BEYOND_END_MS,
  type Meter,
  type MeterState,
  type Strategy,
  type WindowStore,
} from './windows.ts';

const PREFIX = 'aifd:w:';
const CONNECT_WITHIN_MS = 500;
/** A Redis that does not answer for so long is gone, and its connection with it. */
const ANSWER_WITHIN_MS = 500;
/** While it is gone: hits fail at once, and in the background it is tried so often. */
const RECONNECT_EVERY_MS = 250;

const letters: Record<Strategy, string> = {
  'fixed-window': 'f',
  'fixed-window-elastic-expiry': 'e',
  'moving-window': 'm',
};

interface Script {
  readonly source: string;
  readonly sha: string;
}

const scriptOf = (source: string): Script => ({
  source,
  sha: new Bun.CryptoHasher('sha1').update(source).digest('hex'),
});
const hit = scriptOf(hitScript);
const settle = scriptOf(settleScript);

/**
 * Windows in Redis or Valkey, shared by all that ask the same one; a decision is one script. Hits reject while
 * it can't be reached, soon and not after a queue; when it is back they succeed again.
 */
export class RedisWindows implements WindowStore {
  private client: RedisClient | undefined;
  private connecting: Promise<RedisClient> | undefined;
  private failure: Error | undefined;
  private retrying: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param url `redis://[user:password@]host[:port][/db]`, `rediss://…`; a secret where it has a password */
  constructor(private readonly url: string) {}

  async hit(meters: readonly Meter[], strategy: Strategy, now: number): Promise<Decision> {
    const args = [letters[strategy], String(now), String(KEPT_BEYOND_END_MS)];
    for (const { amount, windowMs, cost } of meters) {
      args.push(String(amount), String(windowMs), String(cost));
    }
    return readDecision(await this.run(hit, keysOf(meters, strategy), args));
  }

  async settle(
    meters: readonly Meter[],
    strategy: Strategy,
    at: number,
    delta: number,
    now: number,
  ): Promise<void> {
    const args = [letters[strategy], String(at), String(delta), String(now)];
    for (const { windowMs } of meters) args.push(String(windowMs));
    await this.run(settle, keysOf(meters, strategy), args);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.drop(new Error('the connection to Redis is closed'));
  }

  private async run(script: Script, keys: string[], args: string[]): Promise<string> {
    const client = this.client?.connected ? this.client : await this.connected();
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.send(client, 'EVALSHA', [script.sha, ...rest]);
    } catch (error) {
      // It was restarted, or nobody has run the script yet: EVAL runs it and keeps it.
      if (!(error instanceof Error && error.message.includes('NOSCRIPT'))) throw error;
      return await this.send(client, 'EVAL', [script.source, ...rest]);
    }
  }

  private async send(client: RedisClient, command: string, args: string[]): Promise<string> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const late = new Error(`Redis did not answer within ${ANSWER_WITHIN_MS} ms`);
      if (this.client === client) this.drop(late);
      reject(late);
    }, ANSWER_WITHIN_MS);
    try {
      return (await Promise.race([client.send(command, args), promise])) as string;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Who comes first waits for the connection; who comes while it is known to be gone does not. */
  private connected(): Promise<RedisClient> {
    if (this.client !== undefined) this.drop(new Error('the connection to Redis was lost'));
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return (this.connecting ??= this.connect());
  }

  private async connect(): Promise<RedisClient> {
    // A new one each time: one that has given up does not come back, and it must not queue what it can't send.
    const client = new RedisClient(this.url, {
      connectionTimeout: CONNECT_WITHIN_MS,
      autoReconnect: false,
      enableOfflineQueue: false,
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`no connection to Redis within ${CONNECT_WITHIN_MS} ms`));
    }, CONNECT_WITHIN_MS);
    try {
      await Promise.race([client.connect(), late.promise]);
      if (this.closed) throw new Error('the connection to Redis is closed');
    } catch (error) {
      client.close();
      this.drop(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.client = client;
    this.failure = undefined;
    return client;
  }

  private drop(why: Error): void {
    this.failure = why;
    this.connecting = undefined;
    this.client?.close();
    this.client = undefined;
    clearTimeout(this.retrying);
    if (this.closed) return;
    this.retrying = setTimeout(() => this.connect().catch(() => {}), RECONNECT_EVERY_MS).unref();
  }
}

/** Every key a script touches is named to it: for moving the window's entries, and their sum. */
function keysOf(meters: readonly Meter[], strategy: Strategy): string[] {
  const keys: string[] = [];
  for (const { key } of meters) {
    const name = `${PREFIX}${letters[strategy]}:${key}`;
    keys.push(name);
    if (strategy === 'moving-window') keys.push(`${name}:sum`);
  }
  return keys;
}

function readDecision(answer: string): Decision {
  const [allowed, ...numbers] = answer.split(' ').map(Number);
  const states: MeterState[] = [];
  for (let i = 0; i + 2 < numbers.length; i += 3) {
    const retryMs = numbers[i + 2]!;
    states.push({
      remaining: numbers[i]!,
      resetMs: numbers[i + 1]!,
      retryMs: retryMs < 0 ? Infinity : retryMs,
    });
  }
  return { allowed: allowed === 1, states };
}
