import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { HOUR_MS } from '../../src/store/usage/store.ts';
import { run } from './cli.ts';
import { emptyDir, openStore, recordWith } from './records.ts';

interface Shown {
  readonly days: [name: string, requests: number][];
  readonly lastOfUtc?: string;
  readonly hours: string[];
}

/** A request in each of so many hours, read in a zone. */
async function read(TZ: string, first: string, hours: number, kept = hours): Promise<Shown> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'days.ts'), JSON.stringify([first, hours, kept])],
    { env: { PATH: process.env.PATH, TZ }, stdout: 'pipe' },
  );
  return JSON.parse(await child.stdout.text()) as Shown;
}

test('a day of Tokyo begins at 15:00 UTC', async () => {
  const { days, lastOfUtc } = await read('Asia/Tokyo', '2026-11-20T15:00:00Z', 48);
  expect(days).toEqual([
    ['2026-11-21', 24],
    ['2026-11-22', 24],
  ]);
  expect(lastOfUtc).toBeUndefined();
});

test('in New York a day has 25 hours when summer time ends, and 23 when it begins', async () => {
  const autumn = await read('America/New_York', '2026-10-31T04:00:00Z', 24 + 25 + 24);
  expect(autumn.days).toEqual([
    ['2026-10-31', 24],
    ['2026-11-01', 25],
    ['2026-11-02', 24],
  ]);
  // The hour that comes twice is two.
  expect(autumn.hours.slice(25, 27)).toEqual(['2026-11-01T01:00-04:00', '2026-11-01T01:00-05:00']);
  const spring = await read('America/New_York', '2026-03-07T05:00:00Z', 24 + 23 + 24);
  expect(spring.days).toEqual([
    ['2026-03-07', 24],
    ['2026-03-08', 23],
    ['2026-03-09', 24],
  ]);
});

test('hours keep their order where the clock goes back east of Greenwich', async () => {
  const { hours } = await read('Europe/Berlin', '2026-10-25T00:00:00Z', 2);
  expect(hours).toEqual(['2026-10-25T02:00+02:00', '2026-10-25T02:00+01:00']);
});

test('in a zone of half hours an hour belongs to the day in which it began', async () => {
  const { days, hours } = await read('Asia/Kolkata', '2026-11-20T18:00:00Z', 2);
  expect(hours).toEqual(['2026-11-20T23:30+05:30', '2026-11-21T00:30+05:30']);
  expect(days).toEqual([
    ['2026-11-20', 1],
    ['2026-11-21', 1],
  ]);
});

test('days of which no hours are kept are days of UTC, and nothing is counted twice', async () => {
  const { days, lastOfUtc } = await read('Asia/Tokyo', '2026-11-20T15:00:00Z', 5 * 24, 60);
  expect(lastOfUtc).toBe('2026-11-23');
  // The hours before midnight of UTC on the first day are of no day that is asked for.
  expect(days.map(([, requests]) => requests).reduce((sum, each) => sum + each, 0)).toBe(5 * 24 - 9);
  expect(days.slice(0, 2)).toEqual([
    ['2026-11-21', 24],
    ['2026-11-22', 24],
  ]);
});

test('in UTC and with --utc days are those that are kept', async () => {
  expect(await read('UTC', '2026-11-20T00:00:00Z', 48, 0)).toMatchObject({
    days: [
      ['2026-11-20', 24],
      ['2026-11-21', 24],
    ],
  });
  const dir = emptyDir();
  const { store } = openStore(dir);
  try {
    const at = Date.now() - HOUR_MS;
    store.add(recordWith({ at }));
    store.flush();
    const shown = async (TZ: string, ...args: string[]) => (await run(dir, ['stats', ...args], { TZ })).out;
    const dayIn = (timeZone: string) => new Intl.DateTimeFormat('sv-SE', { timeZone }).format(at);
    // Fourteen hours ahead and eleven behind: one of both has another day than UTC.
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      expect(await shown(zone)).toContain(`\n${dayIn(zone)} `);
      expect(await shown(zone, '--utc')).toContain(`\n${dayIn('UTC')} `);
    }
    expect(await shown('Pacific/Kiritimati', '--last', '1')).toMatch(/\d\d:\d\d:\d\d \+14:00 /);
    expect(await shown('Pacific/Kiritimati', '--last', '1', '--utc')).toContain(new Date(at).toISOString());
  } finally {
    await store.close();
  }
});
