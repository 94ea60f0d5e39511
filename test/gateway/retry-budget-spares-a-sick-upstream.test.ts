import { expect, test } from 'bun:test';
import { RetryBudget } from '../../src/gateway/upstream/budget.ts';

function setUp() {
  const clock = { ms: 1_000_000 };
  const budget = new RetryBudget(() => clock.ms);
  const spend = (times: number): number => {
    let granted = 0;
    for (let i = 0; i < times; i++) if (budget.spend()) granted++;
    return granted;
  };
  const requests = (times: number): void => {
    for (let i = 0; i < times; i++) budget.countRequest();
  };
  return { clock, spend, requests };
}

test('ten a second are always allowed', () => {
  const { clock, spend } = setUp();
  for (let second = 0; second < 30; second++) {
    expect(spend(50)).toBe(10);
    clock.ms += 1000;
  }
});

test('beyond those, retries are at most a fifth of the requests', () => {
  const { spend, requests } = setUp();
  requests(1000);
  expect(spend(1000)).toBe(200);
});

test('at a steady load the share holds over time', () => {
  const { clock, spend, requests } = setUp();
  let granted = 0;
  for (let second = 0; second < 60; second++) {
    requests(1000);
    granted += spend(1000);
    clock.ms += 1000;
  }
  // A window's edge lets a little more through than a fifth, and the free ten.
  expect(granted).toBeGreaterThan(60 * 150);
  expect(granted).toBeLessThanOrEqual(60 * 210);
});

test('old requests and retries are forgotten, also after a long silence', () => {
  const { clock, spend, requests } = setUp();
  requests(10_000);
  expect(spend(3000)).toBe(2000);
  clock.ms += 3_600_000;
  expect(spend(100)).toBe(10);
  requests(1000);
  clock.ms += 9000;
  expect(spend(1000)).toBeGreaterThan(10);
  clock.ms += 11_000;
  expect(spend(1000)).toBe(10);
});
