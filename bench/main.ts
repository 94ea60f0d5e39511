/**
 * The benchmark: `bun run bench [--quick] [--only json,sse,starts,open,limits,cache]
 * [--contenders direct,haproxy,haproxy+nodelay,aifd,aifd+limits,aifd+redis,aifd+cache]`.
 * Load, upstream and each contender are processes of their own; rounds alternate between the contenders.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { available, check, names, startContenders, stopContenders } from './contenders.ts';
import type { Contender, Name } from './contenders.ts';
import { freePort, start, untilListening } from './processes.ts';
import { addedByLimits, addedLines, compare, save, surroundings, table } from './report.ts';
import type { Row } from './report.ts';
import { measure, medians, scenarios, warmUp } from './scenarios.ts';
import type { Sample, Scenario } from './scenarios.ts';

interface Plan {
  rounds: number;
  /** Part of the full number of requests. */
  share: number;
  chosen: Scenario[];
  wanted: readonly Name[];
}

type Results = Map<Scenario, Map<Name, Sample[]>>;

function readPlan(): Plan {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, contenders: { type: 'string' } },
  });
  const groups = choose('only', values.only, [...new Set(scenarios.map((scenario) => scenario.group))]);
  const chosen = scenarios.filter((scenario) => groups.includes(scenario.group));
  return {
    rounds: values.quick ? 1 : 3,
    share: values.quick ? 0.25 : 1,
    chosen,
    wanted: choose('contenders', values.contenders, names).filter((name) =>
      chosen.some(({ among }) => among.includes(name)),
    ),
  };
}

/** Reads a comma-separated choice; everything when there is none. */
function choose<T extends string>(flag: string, value: string | undefined, all: readonly T[]): readonly T[] {
  const chosen = value?.split(',') ?? all;
  const unknown = chosen.filter((name) => !all.includes(name as T));
  if (unknown.length > 0) throw new Error(`--${flag} takes ${all.join(', ')}; not ${unknown.join(', ')}`);
  return all.filter((name) => chosen.includes(name));
}

/** One round: fresh processes, every scenario on every contender. */
async function runRound(round: number, plan: Plan): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aifd-bench-'));
  const port = freePort();
  const command = [process.execPath, join(import.meta.dir, 'upstream.ts'), String(port)];
  const upstream = start(command, { log: join(folder, 'upstream.log') });
  let contenders: Contender[] = [];
  try {
    await untilListening(port, 'the mock upstream');
    const chosen = plan.chosen.filter(({ rounds }) => round < rounds);
    contenders = await startContenders(available(plan.wanted), port, folder);
    const expected = await checkAll(contenders);
    const ready = await warmUpAll(contenders, expected);
    // Every other round goes backwards, so that being first is nobody's privilege.
    const order = round % 2 === 0 ? ready : ready.toReversed();
    for (const scenario of chosen) {
      for (let i = 0; i < scenario.repeats; i++) await runScenario(scenario, order, expected, round);
    }
  } finally {
    await stopContenders(contenders);
    await upstream.stop();
    await rm(folder, { recursive: true });
  }
}

/** @returns those that came through it; the others have no figures in this round. */
async function warmUpAll(contenders: readonly Contender[], expected: string): Promise<Contender[]> {
  const ready: Contender[] = [];
  for (const contender of contenders) {
    try {
      await warmUp(contender, expected);
      ready.push(contender);
    } catch (error) {
      failures.push(`warming up: ${contender.name}: ${String(error)}`);
    }
  }
  return ready;
}

async function runScenario(
  scenario: Scenario,
  contenders: readonly Contender[],
  expected: string,
  round: number,
): Promise<void> {
  for (const contender of contenders) {
    if (!scenario.among.includes(contender.name)) continue;
    note(`round ${round + 1} of ${plan.rounds}: ${scenario.name}: ${contender.name}`);
    try {
      keep(results, scenario, contender, await measure(scenario, contender, expected, plan.share));
    } catch (error) {
      failures.push(`${scenario.name}: ${contender.name}: ${String(error)}`);
    }
  }
}

async function checkAll(contenders: Contender[]): Promise<string> {
  const answers = await Promise.all(contenders.map(check));
  const [expected = ''] = answers;
  contenders.forEach((contender, index) => {
    if (answers[index] !== expected) throw new Error(`${contender.name} changed the upstream's JSON answer`);
  });
  return expected;
}

function keep(results: Results, scenario: Scenario, contender: Contender, sample: Sample): void {
  const byName = results.getOrInsertComputed(scenario, () => new Map());
  byName.getOrInsertComputed(contender.name, () => []).push(sample);
}

function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else process.stderr.write(`${text}\n`);
}

const plan = readPlan();
const results: Results = new Map();
/** Runs with an answer that was not whole: they have no figures, and fail the bench at its end. */
const failures: string[] = [];
for (let round = 0; round < plan.rounds; round++) await runRound(round, plan);
const rows = [...results].flatMap(([scenario, byName]) =>
  names.flatMap((contender) => row(scenario, contender, byName.get(contender) ?? [])),
);
const { machine, versions } = surroundings();
const compared = compare(rows);
note('');
console.log(`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}`);
console.log(
  `aifd ${versions.aifd}, Bun ${versions.bun}, HAProxy ${versions.haproxy}; ${plan.rounds} round(s), medians`,
);
console.log(table(compared));
if (compared.some(({ contender }) => contender === 'haproxy+nodelay')) {
  console.log(
    '\nNote: haproxy is as it comes; haproxy+nodelay has `option http-no-delay`, without which it may hold small events back.',
  );
}
const limits = addedByLimits(compared);
if (limits.length > 0) console.log(`\n${addedLines(limits)}`);
const missing = plan.wanted.filter((name) => !available(plan.wanted).includes(name));
if (missing.length > 0) console.log(`\nskipped, not on PATH: ${missing.join(', ')}`);
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(
  `\nsaved in ${await save(compared, limits, { rounds: plan.rounds, share: plan.share, missing, failures })}`,
);
process.exit(failures.length > 0 ? 1 : 0);

function row(scenario: Scenario, contender: string, rounds: Sample[]): Omit<Row, 'cpuToHaproxy'>[] {
  return rounds.length === 0 ? [] : [{ scenario: scenario.name, contender, median: medians(rounds), rounds }];
}
