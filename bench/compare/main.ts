/**
 * `bun run bench --compare REF [--to REF] [--rounds N] [--only SCENARIO,…]`: aifd of REF beside aifd of this checkout (or of `--to`), as
 * fresh processes in each round, A B and B A in turns, under this checkout's load and mock upstream.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Contender } from '../contenders/contender.ts';
import { contenders } from '../contenders/index.ts';
import { everything } from '../report/page.ts';
import type { MeasuredRow } from '../report/result.ts';
import { Rounds } from '../rounds.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { endWithChildren } from '../measure/processes.ts';
import { placementHere } from '../measure/placement.ts';
import { changeLines, changesOf, LEAST_ROUNDS } from './verdict.ts';
import { type Checkout, checkout, here } from './worktree.ts';

/** What aifd is compared in: what a change of the code most probably moves, in minutes. */
const usual = ['json-c1', 'json-c32', 'sse50-c32', 'hits-json-c32', 'start'];
const forms: ReadonlySet<string> = new Set(['aifd', 'aifd+cache', everything]);

interface Asked {
  from: string;
  to: string | undefined;
  rounds: number;
  scenarios: readonly Scenario[];
}

/** Compares, and prints what moved. @returns the exit code: 1 when something got slower, or an answer was wrong; 2 for wrong flags */
export async function compare(args: readonly string[], note: (text: string) => void): Promise<number> {
  const opened: Checkout[] = [];
  const tidy = async (): Promise<void> => {
    for (const one of opened.splice(0)) await one.remove();
  };
  endWithChildren(tidy);
  try {
    const asked = read(args);
    note(`laying out ${asked.from}`);
    const from = await checkout(asked.from);
    opened.push(from);
    const to = asked.to === undefined ? await here() : await checkout(asked.to);
    opened.push(to);
    return await between(from, to, asked, note);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  } finally {
    await tidy();
  }
}

function read(args: readonly string[]): Asked {
  const text = { type: 'string' } as const;
  const options = { compare: text, to: text, rounds: text, only: text };
  const { values } = parseArgs({ args: [...args], options });
  const rounds = Number(values.rounds ?? LEAST_ROUNDS);
  if (!values.compare) throw new Error('--compare takes a git ref');
  if (!Number.isSafeInteger(rounds) || rounds < LEAST_ROUNDS)
    throw new Error(`--rounds takes a whole number from ${LEAST_ROUNDS} on: fewer tell nothing from noise`);
  const wanted = values.only?.split(',') ?? usual;
  const chosen = scenarios.filter(({ id, group }) => wanted.includes(id) || wanted.includes(group));
  if (chosen.length === 0)
    throw new Error(`--only takes ${scenarios.map(({ id }) => id).join(', ')}, or their groups`);
  return { from: values.compare, to: values.to, rounds, scenarios: chosen };
}

async function between(
  from: Checkout,
  to: Checkout,
  asked: Asked,
  note: (text: string) => void,
): Promise<number> {
  console.log(
    `before: ${from.ref} (${from.commit}); after: ${to.ref} (${to.commit}); ${asked.rounds} rounds`,
  );
  const pairs = await usablePairs(from, to);
  const plan = {
    rounds: asked.rounds,
    share: 1,
    scenarios: asked.scenarios.map((scenario) => inEachRound(scenario, asked.rounds)),
    contenders: pairs.flat(),
    missing: [],
    placement: placementHere(),
    file: '',
  };
  const rounds = new Rounds(plan, note);
  if (pairs.length > 0) await rounds.run();
  note('');
  const rows = rounds.rows();
  for (const { scenario, contender, problem } of rounds.failures)
    console.log(`FAILED ${scenario}: ${contender}: ${problem}`);
  const changes = pairs.flatMap(([before, after]) => changesBetween(rows, before, after));
  const lines = changeLines(changes);
  console.log(`${changes.length} figures compared`);
  console.log(lines.length === 0 ? 'no change beyond noise' : lines.join('\n'));
  const isSlower = changes.some(({ verdict }) => verdict === 'slower');
  return isSlower || rounds.failures.length > 0 || changes.length === 0 ? 1 : 0;
}

type Pair = readonly [before: Contender, after: Contender];

/** The forms of aifd that both refs can start: an older one may not know an option. */
async function usablePairs(from: Checkout, to: Checkout): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const form of contenders.filter(({ name }) => forms.has(name))) {
    const pair = [of(form, from), of(form, to)] as const;
    const refusals = await Promise.all(pair.map(refusal));
    const said = pair.flatMap(({ name }, i) => (refusals[i] ? [`left out: ${name}: ${refusals[i]}`] : []));
    if (said.length === 0) pairs.push(pair);
    else console.log(said.join('\n'));
  }
  return pairs;
}

/** The contender as this checkout starts it, of the processes' code alone that of `root`. */
function of(form: Contender, { ref, root }: Checkout): Contender {
  const contender: Contender = {
    ...form,
    name: `${form.name}@${ref}`,
    start: async (where) => ({ ...(await form.start({ ...where, root })), contender }),
  };
  return contender;
}

/** Why it does not start; undefined when it does. */
async function refusal(contender: Contender): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'aifd-probe-'));
  try {
    const running = await contender.start({ upstream: 9, folder });
    await running.child?.stop();
    await running.helper?.stop();
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** For the forms that took part under their own name. */
function inEachRound(scenario: Scenario, rounds: number): Scenario {
  return {
    ...scenario,
    rounds,
    repeats: 1,
    among: ({ name }) => scenario.among({ name: name.split('@', 1)[0]! }),
  };
}

function changesBetween(rows: readonly MeasuredRow[], before: Contender, after: Contender) {
  const own = rows.filter(({ contender }) => contender === after.name);
  return own.flatMap((row) => {
    const then = rows.find(
      ({ scenario, contender }) => scenario === row.scenario && contender === before.name,
    );
    return then ? changesOf(then, row) : [];
  });
}
