/**
 * Everything that must hold before a change is taken: `bun run test`. Each step is one test beside the tests
 * that `bun test` counts; the last line is `N passed, N failed`, with `, N skipped` where there are any.
 */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { junitTotals, type Totals } from './junit-totals.ts';

/** The whole run's limit, in milliseconds: below the quarter of an hour that CI gives. */
const BUDGET = 14 * 60_000;
/** The exit code by which a step says that it can't run here (as automake has it). */
const SKIPPED = 77;

const root = join(import.meta.dir, '..');
const deadline = Date.now() + BUDGET;
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };

/** Runs a command within what is left of the budget; its output, and `code` 124 where the time ran out. */
async function run(command: string[], output: 'pipe' | 'inherit'): Promise<{ code: number; text: string }> {
  const child = Bun.spawn(command, { cwd: root, stdin: 'ignore', stdout: output, stderr: output });
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      child.kill('SIGKILL');
    },
    Math.max(deadline - Date.now(), 1),
  );
  const read = (stream: typeof child.stdout) => (stream ? new Response(stream).text() : '');
  const [code, stdout, stderr] = await Promise.all([child.exited, read(child.stdout), read(child.stderr)]);
  clearTimeout(timer);
  return { code: late ? 124 : code, text: stdout + stderr };
}

function report(name: string, outcome: keyof Totals, started: number, note = ''): void {
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `${{ passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[outcome]} ${name} (${seconds} s)${note}`,
  );
}

async function step(name: string, command: string[]): Promise<void> {
  const started = Date.now();
  const { code, text } = await run(command, 'pipe');
  const outcome = code === 0 ? 'passed' : code === SKIPPED ? 'skipped' : 'failed';
  totals[outcome] += 1;
  const reason = outcome === 'skipped' ? (/^SKIP\s+(.*)$/m.exec(text)?.[1] ?? 'no reason given') : '';
  report(name, outcome, started, reason && `: ${reason}`);
  if (outcome === 'failed') console.log(`${text.trimEnd()}\n(exit code ${code}: ${command.join(' ')})`);
}

async function bunTests(): Promise<void> {
  const started = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'aifd-check-'));
  try {
    const file = join(folder, 'junit.xml');
    const reporter = ['--reporter=junit', `--reporter-outfile=${file}`];
    const { code } = await run([process.execPath, 'test', '--timeout', '60000', ...reporter], 'inherit');
    const counted = await junitTotals(file, code);
    for (const key of ['passed', 'failed', 'skipped'] as const) totals[key] += counted[key];
    report('bun test', counted.failed > 0 ? 'failed' : 'passed', started, `: ${JSON.stringify(counted)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Scripts against programs that nobody here wrote; a file that isn't executable is a part of another. */
function realScripts(): string[] {
  const isExecutable = (path: string) => {
    try {
      accessSync(join(root, path), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return [...new Bun.Glob('test/real/*.ts').scanSync(root)].filter(isExecutable).toSorted();
}

// By the runtime that runs this: the tools' own launchers ask for node, which a machine with Bun may not have.
const tool = (...command: string[]) => [process.execPath, '--bun', 'run', ...command];

await step('types', tool('tsc', '--noEmit'));
await step('lint', tool('oxlint', '--deny-warnings'));
await step('format', tool('oxfmt', '--check'));
await step('generated files', [process.execPath, 'scripts/generate.ts', '--check']);
await bunTests();
for (const script of realScripts()) await step(script, [process.execPath, script]);

const { passed, failed, skipped } = totals;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
