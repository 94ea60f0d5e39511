import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Definition, definitions } from '../../src/record/metrics/definitions.ts';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { happeningWith } from './happening.ts';
import { parseMetrics } from './parse.ts';

interface Panel {
  id: number;
  type: string;
  title: string;
  datasource?: unknown;
  gridPos: { h: number; w: number; x: number; y: number };
  targets?: { expr: string; datasource: unknown }[];
}
interface Dashboard {
  panels: Panel[];
  templating: { list: { name: string; type: string; query: unknown; datasource?: unknown }[] };
}
const dashboard: Dashboard = await Bun.file(join(import.meta.dir, '../../docs/grafana.json')).json();
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const variables = new Set(dashboard.templating.list.map(({ name }) => name));
const source = { type: 'prometheus', uid: '${datasource}' };

/** Everything that a server that saw everything shows, with the labels it has. */
async function shown(): Promise<Map<string, Set<string>>> {
  const metrics = new Metrics();
  const all = { stream: true, queueMs: 3, attempts: 2, cache: 'miss' } as const;
  metrics.happened(happeningWith(all));
  metrics.happened(happeningWith({ end: 'refused', code: 'rate_limit_exceeded', status: 429 }));
  metrics.happened(happeningWith({ end: 'cut' }));
  const found = new Map<string, Set<string>>();
  for (const { name, labels } of parseMetrics(await metrics.render())) {
    const known = found.get(name) ?? new Set();
    for (const label of Object.keys(labels)) known.add(label);
    found.set(name, known);
  }
  return found;
}

test('every metric and label of every query is there', async () => {
  const there = await shown();
  expect(queries.length).toBeGreaterThan(20);
  const used = new Set<string>();
  for (const query of queries) {
    const plain = query.replace(/"[^"]*"/g, '""').replace(/\[\$__rate_interval\]/g, '');
    const names = plain
      .match(/\b(aifd|gen_ai|process)_\w+(?=[{)\s]|$)/g)!
      .filter((name) => !/^gen_ai_(request_model|token_type)$/.test(name));
    expect(names.length, query).toBeGreaterThan(0);
    for (const name of names) {
      expect([...there.keys()], query).toContain(name);
      used.add(name.replace(/_(bucket|sum|count)$/, ''));
    }
    const labels = new Set(['job', 'instance', ...names.flatMap((name) => Array.from(there.get(name)!))]);
    const inside = [...plain.matchAll(/\{([^}]*)\}/g)].flatMap(([, text]) =>
      text!.split(',').map((part) => /^\s*(\w+)/.exec(part)![1]!),
    );
    const grouped = [...plain.matchAll(/by \(([^)]*)\)/g)].flatMap(([, text]) =>
      text!.split(',').map((part) => part.trim()),
    );
    for (const label of [...inside, ...grouped]) expect([...labels], query).toContain(label);
  }
  // Nothing is counted that nobody looks at, but for when it started.
  const all = Object.values<Definition>(definitions).map(({ name }) => name);
  expect(all.filter((name) => !used.has(name))).toEqual(['process_start_time_seconds']);
});

test('queries are whole, and their variables are there', () => {
  for (const query of queries) {
    for (const [open, close] of ['()', '{}', '[]']) {
      expect(query.split(open!).length, query).toBe(query.split(close!).length);
    }
    for (const [, name] of query.matchAll(/\$(\w+)/g)) {
      if (name !== '__rate_interval') expect([...variables], query).toContain(name!);
    }
  }
});

test('the data source is a variable everywhere', () => {
  expect(dashboard.templating.list[0]).toMatchObject({
    name: 'datasource',
    type: 'datasource',
    query: 'prometheus',
  });
  for (const variable of dashboard.templating.list.slice(1)) expect(variable.datasource).toEqual(source);
  for (const { type, datasource, targets = [], title } of dashboard.panels) {
    if (type === 'row') continue;
    expect(datasource, title).toEqual(source);
    expect(targets.length, title).toBeGreaterThan(0);
    for (const target of targets) expect(target.datasource, title).toEqual(source);
  }
});

test('panels have their own id and place', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const taken = new Set<string>();
  for (const { gridPos, title } of dashboard.panels) {
    const { x, y, w, h } = gridPos;
    expect(x + w, title).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        expect(taken.has(`${column},${line}`), title).toBe(false);
        taken.add(`${column},${line}`);
      }
    }
  }
});
