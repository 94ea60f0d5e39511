import { expect, test } from 'bun:test';
import { lossesOf } from '../../bench/report/losses.ts';
import { benchmarkFiles, everything } from '../../bench/report/page.ts';
import { reachedTargets } from '../../bench/report/targets.ts';
import { resultOf, rowOf } from './results.ts';

const on = { features: 'on' } as const;
const rows = [
  rowOf('direct', [{ rate: 9000 }]),
  rowOf('haproxy', [{ cpu: 20 }, { cpu: 22 }, { cpu: 24 }]),
  rowOf('aifd', [
    { cpu: 50, cpuToHaproxy: 2.5, rate: 4000 },
    { cpu: 40, cpuToHaproxy: 1.9, rate: 5000 },
    { cpu: 42, cpuToHaproxy: 2, rate: 4500 },
  ]),
  rowOf('openai-forward', [{ cpu: 1100, rate: 400 }]),
  rowOf(everything, [{ cpu: 60, cpuToHaproxy: 3 }], on),
];
const sources = {
  latest: undefined,
  peers: undefined,
  quoted: 'QUOTED',
  optimised: '<!-- how -->\nOPTIMISED',
};
const page = 'docs/benchmarks.md';

test('the page has the figures of the run, and what it takes as it stands', () => {
  const files = benchmarkFiles({ ...sources, latest: resultOf(rows) });
  expect(files[page]).toContain('| aifd | 4500 <sub>4000–5000</sub> | 42.0 <sub>40.0–50.0</sub> | 2.00 |');
  expect(files[page]).toContain('Not there: caddy (caddy is not on PATH).');
  expect(files[page]).toContain('QUOTED');
  expect(files[page]).toContain('\n\nOPTIMISED\n');
  expect(files[page]).not.toMatch(/undefined|NaN|<!-- how/);
});

test('every picture that the page shows is there, and no other', () => {
  const files = benchmarkFiles({ ...sources, latest: resultOf(rows) });
  const shown = [...files[page]!.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path]) => `docs/${path}`);
  expect(shown.length).toBeGreaterThan(0);
  expect(Object.keys(files).toSorted()).toEqual([page, ...shown].toSorted());
});

test('the same result gives the same files; without one the page says how to get it', () => {
  const result = resultOf(rows);
  const again = JSON.parse(JSON.stringify(result)) as typeof result;
  expect(benchmarkFiles({ ...sources, peers: again })).toEqual(benchmarkFiles({ ...sources, peers: result }));
  expect(benchmarkFiles(sources)[page]).toContain('Not measured yet: `bun run bench --peers`.');
});

test('targets are met, missed, or not measured', () => {
  const reached = reachedTargets(rows, everything);
  const of = (text: string) => reached.find((one) => one.text.startsWith(text));
  expect(of('Bare: JSON')).toMatchObject({ value: 2, isMet: true });
  expect(of('Everything on: JSON')).toMatchObject({ value: 3, isMet: false });
  expect(of('Bare beside bare, JSON: CPU less than openai-forward')).toMatchObject({ isMet: true });
  expect(of('Everything on beside features on')).toMatchObject({ value: undefined, isMet: undefined });
  expect(of('Bare: SSE')).toMatchObject({ value: undefined, isMet: undefined });
});

test('aifd loses where another is better in all rounds than it is in any', () => {
  const losses = lossesOf(rows, everything).map(({ figure, aifd, ahead }) => {
    const who = ahead.map(({ contender }) => contender).join();
    return `${aifd.contender}: ${figure} ${who}`;
  });
  expect(losses).toEqual(['aifd: cpu haproxy', `${everything}: cpu haproxy`]);
});

test('rounds that overlap are no loss', () => {
  const close = [rowOf('haproxy', [{ cpu: 20 }, { cpu: 41 }]), rowOf('aifd', [{ cpu: 40 }, { cpu: 50 }])];
  expect(lossesOf(close, everything)).toEqual([]);
});
