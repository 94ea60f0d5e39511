import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Happening } from '../../src/record/happening.ts';
import { addFigures, figure, type FigureName, noFigures } from '../../src/store/usage/figures.ts';
import { UsageStore } from '../../src/store/usage/lmdb.ts';
import { DAY_MS, type UsageRecord } from '../../src/store/usage/store.ts';

export const emptyDir = (): string => mkdtempSync(join(tmpdir(), 'aifd-usage-'));

/** An exchange as they mostly are; what is given is put in its place. */
export function recordWith(changes: Partial<UsageRecord> = {}): UsageRecord {
  return {
    at: Date.now(),
    user: 'k:abcdefghijklmnopqrstuv',
    target: 'api.openai.com',
    route: '/v1/chat/completions',
    model: 'gpt-4o',
    status: 200,
    end: 'whole',
    stream: false,
    input: 100,
    output: 50,
    cached: 10,
    reasoning: 5,
    isReported: true,
    cost: 737_500,
    isUnpriced: false,
    saved: 0,
    durationMs: 500,
    firstByteMs: 120,
    sayingMs: 500,
    cache: undefined,
    retries: 0,
    ...changes,
  };
}

export function happeningWith(changes: Partial<Happening> = {}): Happening {
  return {
    id: 'req_1',
    at: Date.now(),
    method: 'POST',
    path: '/v1/chat/completions',
    route: '/v1/chat/completions',
    family: 'chat',
    prefix: '/',
    target: 'api.openai.com',
    user: 'k:abcdefghijklmnopqrstuv',
    address: '127.0.0.1',
    model: 'gpt-4o',
    stream: false,
    status: 200,
    end: 'whole',
    code: undefined,
    durationMs: 500,
    firstByteMs: 120,
    upstreamMs: 100,
    queueMs: 0,
    overheadMs: 1,
    attempts: 1,
    cache: undefined,
    usage: { input: 100, output: 50, cached: 10, reasoning: 5, reported: true },
    bytesIn: 10,
    bytesOut: 10,
    request: undefined,
    answer: undefined,
    traceparent: undefined,
    ...changes,
  };
}

export function openStore(dir: string, changes: { keepMs?: number; exchanges?: number } = {}) {
  const problems: string[] = [];
  const store = new UsageStore(dir, {
    keepMs: changes.keepMs ?? 90 * DAY_MS,
    exchanges: changes.exchanges ?? 10_000,
    onProblem: (line) => problems.push(line),
  });
  return { store, problems };
}

/** One figure of all days or hours. */
export function sumOf(store: UsageStore, name: FigureName, period: 'day' | 'hour' = 'day'): number {
  const sum = noFigures();
  for (const { figures } of store.rollups(period, 0)) addFigures(sum, figures);
  return figure(sum, name);
}
