import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchmarkFiles } from './page.ts';
import { quotedText } from './quoted.ts';
import type { Result } from './result.ts';

const bench = join(import.meta.dir, '..');

function read(path: string): string | undefined {
  try {
    return readFileSync(join(bench, path), 'utf8');
  } catch {
    return undefined;
  }
}

function resultOf(name: string): Result | undefined {
  const text = read(`results/${name}.json`);
  const result = text === undefined ? undefined : (JSON.parse(text) as Result);
  // One of an older form says nothing.
  return result?.rows.every((row) => row.title !== undefined && row.spread !== undefined)
    ? result
    : undefined;
}

/** The benchmarks' page and pictures, from the results that are kept: path from the root, and what is in it. */
export function filesOfResults(): Record<string, string> {
  return benchmarkFiles({
    latest: resultOf('latest'),
    peers: resultOf('peers'),
    quoted: quotedText(),
    optimised: read('report/optimised.md') ?? '',
  });
}
