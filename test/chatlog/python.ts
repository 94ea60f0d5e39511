import { join } from 'node:path';

/** The real Python's say on values and literals; undefined where there is none. */
export const python = Bun.which('python3') ?? undefined;

const script = join(import.meta.dir, 'literals.py');

export interface Sample {
  /** A value as JSON text, and as `repr` writes it. */
  readonly json: string;
  readonly repr: string;
  /** Texts that may or may not be literals, and what `ast.literal_eval` reads in them, as JSON; null: not one. */
  readonly damaged: readonly (readonly [text: string, json: string | null])[];
}

/** Random values, the same for the same seed. */
export async function samplesOf(seed: number, count: number): Promise<Sample[]> {
  const child = Bun.spawn([python!, '-W', 'ignore', script, String(seed), String(count)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await child.stdout.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sample);
}
