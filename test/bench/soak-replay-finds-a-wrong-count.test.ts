import { expect, test } from 'bun:test';
import { countsTokens, metersOf } from '../../bench/soak/limits.ts';
import { checkBounds, replay } from '../../bench/soak/replay.ts';
import type { Entry, User } from '../../bench/soak/users.ts';
import { MemoryWindows } from '../../src/store/windows/memory.ts';

const key = 'fk-soak-test';
const start = 1_700_000_000_000;

/** A journal of requests that a real store decided, each `tookMs` long and decided somewhere within. */
function journal(times: readonly number[], tookMs: number): Entry[] {
  const store = new MemoryWindows();
  return times.map((time, i) => {
    const at = start + time + (i % (tookMs + 1));
    const meters = metersOf('chat', key, 150);
    const { allowed, states } = store.hit(meters, 'fixed-window', at);
    if (allowed) store.settle(meters.filter(countsTokens), 'fixed-window', at, 30, at);
    return {
      id: String(i),
      route: 'chat',
      sent: start + time,
      answered: start + time + tookMs,
      verdict: allowed ? 'passed' : 'limited',
      remaining: states.map(({ remaining }) => remaining),
      reserved: 150,
      used: [180, 180],
    };
  });
}

const user = (entries: Entry[]): User => ({ key, isSequential: true, journal: entries });
const often = Array.from({ length: 200 }, (_, i) => i * 437);
const verdicts = (entries: readonly Entry[]): Set<string> => new Set(entries.map(({ verdict }) => verdict));

test('what a store decided is found right, windows that ended within a request included', () => {
  for (const took of [0, 7, 400]) {
    const entries = journal(often, took);
    expect(verdicts(entries)).toEqual(new Set(['passed', 'limited']));
    expect(replay(user(entries))).toEqual([]);
    expect(checkBounds(user(entries))).toEqual([]);
  }
});

test('one request more or less in any window is found', () => {
  for (const [window, change] of [0, 1, 2, 3].flatMap((index) => [
    [index, 1] as const,
    [index, -1] as const,
  ])) {
    const entries = journal(often, 7);
    entries[100]!.remaining[window]! += change;
    expect(replay(user(entries))).toHaveLength(1);
  }
});

test('a request that passed uncounted is found', () => {
  const entries = journal(often, 7);
  const at = entries.findIndex(({ verdict }, i) => i > 50 && verdict === 'passed');
  entries.splice(at, 1);
  expect(replay(user(entries))).toHaveLength(1);
});

test('a refusal while there was room is found', () => {
  const entries = journal([0, 10, 20], 7);
  entries[2]!.verdict = 'limited';
  expect(replay(user(entries))).toHaveLength(1);
  entries[2]!.remaining[0] = 0;
  expect(checkBounds(user(entries))).toEqual(['request 2 was refused after 2 of 6']);
});

test('a window that a client opened who then left is one more', () => {
  const [first] = journal([0], 0);
  const at = (time: number, verdict: Entry['verdict']): Entry => {
    const when = { sent: start + time, answered: start + time + 1 };
    return { ...first!, ...when, route: 'embeddings', verdict };
  };
  const entries = [at(0, 'left'), at(4900, 'passed'), at(5001, 'passed'), at(5002, 'passed')];
  expect(checkBounds(user(entries))).toEqual([]);
  expect(checkBounds(user(entries.slice(1)))).toEqual(['3 embeddings requests passed, 2 at most may']);
});

test('more passed than the windows hold is found', () => {
  const entries = journal([0, 10, 20, 30, 40, 50, 60], 7);
  expect(entries[6]!.verdict).toBe('limited');
  entries[6]!.verdict = 'passed';
  expect(checkBounds(user(entries))).toEqual(['7 chat requests passed, 6 at most may']);
});
