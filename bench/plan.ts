import { parseArgs } from 'node:util';
import type { Contender } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';
import { resultFile } from './report/save.ts';
import { anywhere, placementHere } from './measure/placement.ts';
import type { Placement } from './measure/placement.ts';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** What a run of the bench does: its flags, understood. */
export interface Plan {
  rounds: number;
  /** Part of the full time of measuring. */
  share: number;
  scenarios: readonly Scenario[];
  /** Those that can start here and take part in any of the scenarios. */
  contenders: readonly Contender[];
  placement: Placement;
  missing: readonly { contender: string; why: string }[];
  /** Where the result is written. */
  file: string;
}

/** Reads the flags of `bun run bench`. @throws Error that says what a flag takes. */
export function readPlan(args: readonly string[]): Plan {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    quick: flag,
    peers: flag,
    only: text,
    contenders: text,
    rounds: text,
    json: text,
    unplaced: flag,
  };
  const { values } = parseArgs({ args: [...args], options });
  const groups = [...new Set(scenarios.map(({ group }) => group))];
  const only = choose('only', values.only, groups);
  const chosen = scenarios.filter(({ group }) => only.includes(group));
  const names = contenders.map(({ name }) => name);
  const wanted = choose('contenders', values.contenders, names);
  const asked = contenders.filter(
    (contender) =>
      wanted.includes(contender.name) &&
      (!contender.isPeer || values.peers || values.contenders) &&
      chosen.some((scenario) => scenario.among(contender)),
  );
  return {
    rounds: count('rounds', values.rounds, values.quick ? 1 : 3),
    share: values.quick ? 0.5 : 1,
    placement: values.unplaced ? anywhere : placementHere(),
    scenarios: chosen,
    contenders: asked.filter((contender) => contender.missing() === undefined),
    missing: asked.flatMap((contender) => {
      const why = contender.missing();
      return why === undefined ? [] : [{ contender: contender.name, why }];
    }),
    file: values.json ?? resultFile(isPart(values), values.peers === true),
  };
}

/** Whether it is less than the whole bench, or in another way: no run for the page. */
function isPart({
  quick,
  only,
  contenders: some,
  unplaced,
}: Partial<Record<string, string | boolean>>): boolean {
  return [quick, only, some, unplaced].some((value) => value !== undefined);
}

/** Reads a comma-separated choice; everything when there is none. */
function choose(flag: string, value: string | undefined, all: readonly string[]): readonly string[] {
  const chosen = value?.split(',') ?? all;
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--${flag} takes ${all.join(', ')}; not ${unknown.join(', ')}`);
  return chosen;
}

function count(flag: string, value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${flag} takes a whole number from 1 on`);
  return number;
}
