import { expect, test } from 'bun:test';
import { barChart } from '../../bench/report/chart/bars.ts';
import { linear, log, needsLog } from '../../bench/report/chart/scale.ts';

test('a linear axis begins at 0, ends at a round number beyond the largest, and has few ticks', () => {
  for (const most of [0.0031, 1, 7.3, 99, 100, 101, 12_345, 998_000]) {
    const { at, ticks } = linear([most / 3, most]);
    expect(at(0)).toBe(0);
    expect(at(most)).toBeWithin(0.6, 1);
    expect(at(most / 2)).toBeCloseTo(at(most) / 2);
    expect(ticks.at(-1)).toBeGreaterThan(most);
    expect(ticks.length).toBeWithin(3, 9);
  }
});

test('on a logarithmic axis a factor is a distance, and what it cannot show lies at its start', () => {
  const { at, ticks } = log([24, 11_000]);
  expect(ticks).toEqual([10, 100, 1000, 10_000, 100_000]);
  expect(at(1000) - at(100)).toBeCloseTo(at(100) - at(10));
  expect([at(0), at(-3), at(10), at(100_000)]).toEqual([0, 0, 0, 1]);
});

test('a single value, a power of ten, and values that are none have an axis too', () => {
  for (const values of [[100], [0.001, 1], [5, 0]]) {
    const { at, ticks } = log(values);
    expect(ticks.length).toBeGreaterThan(1);
    for (const value of values) expect(at(value)).toBeWithin(0, 1.001);
  }
  expect(linear([]).at(1)).toBeWithin(0, 1.001);
});

test('an axis is logarithmic where a peer is far behind', () => {
  expect(needsLog([20, 50, 300])).toBe(false);
  expect(needsLog([20, 50, 3000])).toBe(true);
  expect(needsLog([0, -1, 5])).toBe(false);
});

test('what is not above 0 is told, and has no mark on a logarithmic axis', () => {
  const bars = [-208, 5, 5000].map((value) => ({ label: 'a', kind: 'peer', value }) as const);
  const svg = barChart({ title: '', axis: '', unit: 'µs', panels: [{ title: '', bars }] });
  expect(svg).toContain('−208 µs');
  expect(svg.match(/<circle/g)).toHaveLength(2);
});

test('a picture is well-formed whatever names are in it, and tells in words what it shows', async () => {
  const bar = { label: `<b> & "c" 'd'`, kind: 'peer', value: 3, spread: [2, 5], note: '1 < 2' } as const;
  const svg = barChart({
    title: 'A & B',
    axis: 'less',
    unit: 'µs',
    panels: [{ title: '<p>', bars: [bar, bar] }],
  });
  expect(svg).toContain('&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;');
  expect(svg).not.toMatch(/<b>|<p>|NaN|undefined|& /);
  expect(svg).toMatch(/<desc[^>]*>less\. &lt;p&gt;: /);
  const open = [...svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)].filter(([, , , closed]) => closed === '');
  const depth = open.reduce((sum, [, slash]) => sum + (slash === '' ? 1 : -1), 0);
  expect(depth).toBe(0);
});
