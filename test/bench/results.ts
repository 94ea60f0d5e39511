import { medians, type Result, type MeasuredRow, type Sample, spreads } from '../../bench/report/result.ts';

/** A row of which the rounds are given. */
export function rowOf(contender: string, rounds: Sample[], other: Partial<MeasuredRow> = {}): MeasuredRow {
  return {
    scenario: 'json-c32',
    title: 'JSON, 32 connections',
    group: 'json',
    contender,
    features: 'off',
    median: medians(rounds),
    spread: spreads(rounds),
    rounds,
    ...other,
  };
}

/** A run with these rows. */
export function resultOf(rows: MeasuredRow[]): Result {
  return {
    date: '2026-11-25T12:00:00.000Z',
    command: 'bun run bench',
    settings: { rounds: 3 },
    machine: { cpu: 'A <fast> CPU', cores: 2 },
    versions: { aifd: '0.1.0' },
    rows,
    failures: [],
    missing: [{ contender: 'caddy', why: 'caddy is not on PATH' }],
  };
}
