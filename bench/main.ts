/**
 * The benchmark: `bun run bench [--quick] [--only GROUP,…] [--contenders NAME,…] [--rounds N] [--peers] [--json FILE]`.
 * Load, upstream and each contender are processes of their own; rounds alternate between the contenders.
 */
import { compare } from './compare/main.ts';
import { endWithChildren } from './measure/processes.ts';
import { readPlan } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Result } from './report/result.ts';
import { save } from './report/save.ts';
import { surroundings } from './report/surroundings.ts';
import { table } from './report/table.ts';
import { Rounds } from './rounds.ts';

function planOrExit(): Plan {
  try {
    return readPlan(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else process.stderr.write(`${text}\n`);
}

function print({ machine, versions, rows, failures, missing }: Result): void {
  note('');
  console.log(`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}`);
  const { aifd, bun, haproxy } = versions;
  console.log(
    `aifd ${aifd}, Bun ${bun}, HAProxy ${haproxy}; ${plan.rounds} round(s), medians; ${placementText(plan)}`,
  );
  console.log(table(rows));
  if (rows.some(({ contender }) => contender === 'haproxy+nodelay'))
    console.log(
      '\nhaproxy is as it comes; haproxy+nodelay has `option http-no-delay`, without which it may hold small events back.',
    );
  for (const { contender, why } of missing) console.log(`\nskipped ${contender}: ${why}`);
  for (const { scenario, contender, problem } of failures)
    console.log(`\nFAILED ${scenario}: ${contender}: ${problem}`);
}

function placementText({ placement: { load, upstream, contender } }: Plan): string {
  if (load === undefined) return 'load, upstream and contender share all processors';
  const apart = `load on processor ${load}, upstream on ${upstream}, contender on ${contender}`;
  return `${apart}; with 1 connection, at a fixed rate and with several workers: all on all`;
}

const args = process.argv.slice(2);
if (args.some((arg) => /^--compare(?:=|$)/.test(arg))) process.exit(await compare(args, note));
const plan = planOrExit();
endWithChildren();
const rounds = new Rounds(plan, note);
await rounds.run();
const result: Result = {
  date: new Date().toISOString(),
  command: ['bun run bench', ...process.argv.slice(2)].join(' '),
  settings: { rounds: plan.rounds, share: plan.share, placement: placementText(plan) },
  ...surroundings(),
  rows: rounds.rows(),
  failures: rounds.failures,
  missing: [...plan.missing],
};
print(result);
await save(result, plan.file);
console.log(
  `\nsaved in ${plan.file}; \`bun run generate\` makes docs/benchmarks.md of latest.json and peers.json`,
);
process.exit(result.failures.length > 0 ? 1 : 0);
