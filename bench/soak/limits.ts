import { parseLimit } from '../../src/config/limit-grammar.ts';
import { Rule } from '../../src/gateway/limits/meters.ts';
import { userOfKey } from '../../src/gateway/admit/user.ts';
import type { Meter } from '../../src/store/windows/store.ts';

/** The two ways through the limits: by rules of its own, or by the pool for all else. */
export type Route = 'chat' | 'embeddings';

export const paths: Record<Route, string> = { chat: '/v1/chat/completions', embeddings: '/v1/embeddings' };

// Short windows refuse often and begin anew often. The long ones are never full: they are the count over the whole run.
const requests = '6/5seconds;1000000/day';
const pool = '2/5seconds;1000000/day';
const tokens = '1200/10seconds;1000000000/day';
const strategy = 'fixed-window';

/** How the soaked aifd is limited: every limit there is. */
export const limitOptions = {
  REQ_RATE_LIMIT: JSON.stringify({ [paths.chat]: requests }),
  GLOBAL_RATE_LIMIT: pool,
  TOKENS_LIMIT: JSON.stringify({ [paths.chat]: tokens }),
  TOKEN_RATE_LIMIT: JSON.stringify({ [paths.chat]: '100/second' }),
  CONCURRENCY_LIMIT: '8',
  USER_CONCURRENCY_LIMIT: '3',
  QUEUE_SIZE: '20',
  QUEUE_TIMEOUT: '1',
} as const;

const rules: Record<Route, Rule[]> = {
  chat: [
    new Rule('requests', paths.chat, parseLimit(requests), strategy),
    new Rule('tokens', paths.chat, parseLimit(tokens), strategy),
  ],
  embeddings: [new Rule('requests', '*', parseLimit(pool), strategy)],
};

/** What one request of the user with this key counts, in the order in which its answer names the windows. */
export function metersOf(route: Route, key: string, reserved: number): Meter[] {
  const user = userOfKey(key);
  return rules[route].flatMap((rule) => rule.meters(user, rule.counted === 'tokens' ? reserved : 1));
}

/** Whether a meter counts tokens: its window is settled when an answer ends. */
export function countsTokens({ key }: Meter): boolean {
  return key.startsWith('tokens ');
}

/** A window that is never full. */
export function isLong({ windowMs }: Meter): boolean {
  return windowMs >= 86_400_000;
}
