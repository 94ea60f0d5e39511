/** How many tests ended in which way. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * The totals of a `bun test` run, from the JUnit file that it wrote (its text output is for people and changes).
 * A run that failed always counts at least one failure, also where no test shows it: a file that doesn't load, an
 * error between tests, no tests at all, a run that was killed and wrote nothing.
 */
export async function junitTotals(file: string, exitCode: number): Promise<Totals> {
  const xml = (await Bun.file(file).exists()) ? await Bun.file(file).text() : '';
  const head = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? '';
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const [tests, failures, skipped] = [count('tests'), count('failures') + count('errors'), count('skipped')];
  const passed = Math.max(tests - failures - skipped, 0);
  const broken = exitCode !== 0 || passed + failures === 0;
  return { passed, failed: broken ? Math.max(failures, 1) : failures, skipped };
}
