import { RedisConnection, scriptOf } from '../redis-connection.ts';
import { hitScript, settleScript } from './redis-scripts.ts';
import {
  type Decision,
  KEPT_BEYOND_END_MS,
  type Meter,
  type MeterState,
  type Strategy,
  type WindowStore,
} from './store.ts';

const PREFIX = 'aifd:w:';
const letters: Record<Strategy, string> = {
  'fixed-window': 'f',
  'fixed-window-elastic-expiry': 'e',
  'moving-window': 'm',
};

const hit = scriptOf(hitScript);
const settle = scriptOf(settleScript);

/**
 * Windows in Redis or Valkey, shared by all that ask the same one; a decision is one script. Hits reject while
 * it can't be reached, soon and not after a queue; when it is back they succeed again.
 */
export class RedisWindows implements WindowStore {
  private readonly connection: RedisConnection;

  /** @param url `redis://[user:password@]host[:port][/db]`, `rediss://…`; a secret where it has a password */
  constructor(url: string) {
    this.connection = new RedisConnection(url);
  }

  async hit(meters: readonly Meter[], strategy: Strategy, now: number): Promise<Decision> {
    const args = [letters[strategy], String(now), String(KEPT_BEYOND_END_MS)];
    for (const { amount, windowMs, cost } of meters) {
      args.push(String(amount), String(windowMs), String(cost));
    }
    return readDecision((await this.connection.run(hit, keysOf(meters, strategy), args)) as string);
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
    await this.connection.run(settle, keysOf(meters, strategy), args);
  }

  async close(): Promise<void> {
    this.connection.close();
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
