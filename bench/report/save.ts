import { join } from 'node:path';
import type { Result } from './result.ts';

const results = join(import.meta.dir, '../results');

/**
 * Where a run is kept that names no file of its own. docs/benchmarks.md is made of whole runs only: those of a part are
 * kept beside them, and not in git.
 */
export function resultFile(isPart: boolean, hasPeers: boolean): string {
  return join(results, isPart ? 'part.json' : hasPeers ? 'peers.json' : 'latest.json');
}

/**
 * Writes a result as JSON, one row a line, numbers rounded to thousandths. The rounds are left out: medians and
 * spreads are what the page shows.
 */
export async function save(result: Result, file: string): Promise<void> {
  await Bun.write(file, resultText(result));
}

/** The text of a result file. */
export function resultText({ rows, ...run }: Result): string {
  const lines = rows.map(({ scenario, title, group, contender, features, median, spread }) =>
    JSON.stringify({ scenario, title, group, contender, features, median, spread }, rounded),
  );
  const head = JSON.stringify(run, rounded, 2).slice(0, -2);
  return `${head},\n  "rows": [\n    ${lines.join(',\n    ')}\n  ]\n}\n`;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
