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

/** Writes a result as JSON, numbers rounded to thousandths. */
export async function save(result: Result, file: string): Promise<void> {
  await Bun.write(file, `${JSON.stringify(result, rounded, 2)}\n`);
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
