import { isUsageKept, UsageStore } from '../../src/store/usage/lmdb.ts';
import { figureNames } from '../../src/store/usage/figures.ts';
import type { Range } from './users.ts';

/** What aifd itself says that it did. */
export interface Books {
  /** By its metrics. */
  requests: number;
  open: number;
  queued: number;
}

/** Reads `/metrics`. */
export async function readMetrics(port: number, key: string): Promise<Books> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return {
    requests: sum(text, 'aifd_requests_total'),
    open: sum(text, 'aifd_open_streams'),
    queued: sum(text, 'aifd_queued_requests'),
  };
}

/** All series of a metric together. */
export function sum(text: string, name: string): number {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^\\n]*\\})? (\\S+)`, 'gm'));
  return [...lines].reduce((total, [, value]) => total + Number(value), 0);
}

/** Requests by the usage that was kept: read when aifd has stopped. */
export async function readUsage(dataDir: string): Promise<number> {
  if (!isUsageKept(dataDir)) return 0;
  const store = new UsageStore(dataDir);
  const at = figureNames.indexOf('requests');
  let requests = 0;
  for (const { figures } of store.rollups('day', 0)) requests += figures[at]!;
  await store.close();
  return requests;
}

/**
 * Holds aifd's books against each other and against what clients know.
 *
 * @param known requests that must have come in, and those that may have: a client may leave before it was heard
 * @returns what is wrong, a line each
 */
export function checkBooks({ requests, open, queued }: Books, usage: number, known: Range): string[] {
  const problems: string[] = [];
  const [least, most] = known;
  if (requests < least || requests > most)
    problems.push(`metrics count ${requests} requests, clients sent ${least} to ${most}`);
  if (usage !== requests) problems.push(`usage counts ${usage} requests, metrics ${requests}`);
  if (open !== 0) problems.push(`${open} answers are said to be open, with no client left`);
  if (queued !== 0) problems.push(`${queued} requests are said to wait, with no client left`);
  return problems;
}
