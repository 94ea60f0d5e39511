import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS } from '../../src/store/usage/store.ts';
import { run } from './cli.ts';
import { emptyDir, openStore, recordWith } from './records.ts';

const dir = emptyDir();
// Open while the command reads, as a server's is.
let store: ReturnType<typeof openStore>['store'];
const now = Date.now();

beforeAll(() => {
  store = openStore(dir).store;
  for (let i = 0; i < 3; i++) store.add(recordWith({ at: now, durationMs: 100 }));
  store.add(recordWith({ at: now - 5 * DAY_MS, model: 'gpt-4o-mini', user: 'a:10.0.0.1', cost: 1 }));
  store.add(recordWith({ at: now - 20 * DAY_MS, model: 'old' }));
  store.add(
    recordWith({ at: now, model: '=cmd()\u001b[2J,"x"', isUnpriced: true, cost: undefined, status: 429 }),
  );
  store.flush();
});
afterAll(() => store.close());

test('by day on a terminal, with totals and what is not known', async () => {
  const { out, err, code } = await run(dir, ['stats']);
  expect({ err, code }).toEqual({ err: '', code: 0 });
  const lines = out.split('\n');
  expect(lines[0]).toMatch(/^DAY +REQUESTS +ERRORS +429 +IN +OUT/);
  expect(lines[1]).toStartWith(new Date(now - 5 * DAY_MS).toISOString().slice(0, 10));
  expect(lines[3]).toMatch(/^total +5 +0 +1 +500 +250 .*\$0\.00221\?/);
  expect(out).toContain('not known for 1 requests');
});

test('JSON is exact', async () => {
  const { out } = await run(dir, ['stats', '--by=key', '--since', '30d', '--json']);
  const rows = JSON.parse(out) as Record<string, unknown>[];
  expect(rows.map(({ key, requests, cost }) => [key, requests, cost])).toEqual([
    ['k:abcdefghijklmnopqrstuv', 5, 0.00295],
    ['a:10.0.0.1', 1, 0.000000001],
  ]);
  expect(rows[0]).toMatchObject({ input: 500, output: 250, limited: 1, unpriced: 1, retries: 0 });
});

test('CSV is safe for tables, a terminal gets no codes', async () => {
  const { out } = await run(dir, ['stats', '--by', 'model', '--since', '1d', '--csv']);
  expect(out).toContain(`"'=cmd()\\u001b[2J,""x"""`);
  expect(out.split('\n')[0]).toStartWith('model,requests,');
  const { out: table } = await run(dir, ['stats', '--by', 'model']);
  expect(table).not.toContain('\u001b');
});

async function requestsSince(since: string): Promise<number> {
  const { out } = await run(dir, ['stats', '--by', 'route', '--since', since, '--json']);
  return (JSON.parse(out) as { requests: number }[])[0]!.requests;
}

test('since cuts at whole hours and days', async () => {
  expect(await requestsSince('1h')).toBe(4);
  expect(await requestsSince('7d')).toBe(5);
  expect(await requestsSince('90d')).toBe(6);
});

test('the last exchanges one by one', async () => {
  const { out } = await run(dir, ['stats', '--last', '2', '--json']);
  const rows = JSON.parse(out) as Record<string, unknown>[];
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatchObject({ time: new Date(now).toISOString(), end: 'whole', input: 100, retries: 0 });
  const { out: table } = await run(dir, ['stats', '--last', '10']);
  expect(table.trimEnd().split('\n')).toHaveLength(7);
});

test('nothing kept: it says so, makes nothing, and that is no error', async () => {
  const none = emptyDir();
  expect(await run(none, ['stats'])).toMatchObject({
    out: '',
    code: 0,
    err: expect.stringMatching(/nothing is kept yet/),
  });
  expect(await run(none, ['stats', '--json'])).toMatchObject({ out: '[]\n', code: 0 });
  expect(existsSync(join(none, 'usage'))).toBe(false);
  const { out } = await run(dir, ['stats', '--by', 'hour', '--since', '1h', '--json']);
  expect(JSON.parse(out)).toHaveLength(1);
});

test('a damaged file is one line and exit code 1', async () => {
  const bad = emptyDir();
  mkdirSync(join(bad, 'usage'));
  writeFileSync(join(bad, 'usage/data.mdb'), Buffer.alloc(20_000, 7));
  const { out, err, code } = await run(bad, ['stats']);
  expect({ out, code }).toEqual({ out: '', code: 1 });
  expect(err).toMatch(/^aifd: usage can't be kept in .*no LMDB file\n$/);
});

test.each([
  [['--by', 'modell'], 'did you mean model?'],
  [['--by'], '--by needs a value'],
  [['--by=key', '--by=key'], '--by given twice'],
  [['--since', '0'], '--since is a time'],
  [['--since', 'yesterday'], '--since is a time'],
  [['--json', '--csv'], 'not both'],
  [['--json=1'], '--json takes no value'],
  [['--last', '0'], '--last is a whole number'],
  [['--last', '5', '--by', 'key'], 'use --last alone'],
  [['--port', '80'], '--port is an option of aifd run, not of aifd stats'],
  [['--jsno'], 'did you mean --json?'],
  [['model'], "unexpected argument 'model'"],
])('%j is refused', async (args, line) => {
  const { out, err, code } = await run(dir, ['stats', ...args]);
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(err).toContain(line);
  expect(err.trimEnd()).not.toContain('\n');
});

test('help', async () => {
  const { out, code } = await run(dir, ['stats', '--help']);
  expect(code).toBe(0);
  for (const flag of ['--by', '--since', '--json', '--csv', '--last', '--data-dir'])
    expect(out).toContain(flag);
});
