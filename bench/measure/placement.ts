import { processTree } from './tree.ts';

/** The processors that each side of the bench may use, as `taskset` names them; all when undefined. */
export interface Placement {
  load: string | undefined;
  upstream: string | undefined;
  contender: string | undefined;
  /** For those with several processes. */
  several: string | undefined;
}

/** Everything on all processors. */
export const anywhere: Placement = {
  load: undefined,
  upstream: undefined,
  contender: undefined,
  several: undefined,
};

/**
 * Places the contender on a processor of its own, away from load and upstream: figures then vary less, and no contender
 * gains from taking processors from those that ask it.
 *
 * @param count of processors
 */
export function placement(count: number): Placement {
  if (count < 2) return anywhere;
  if (count === 2) return { load: '0', upstream: '0', contender: '1', several: undefined };
  const several = count < 4 ? undefined : `2-${count - 1}`;
  return { load: '0', upstream: '1', contender: '2', several };
}

/** The placement for this machine; without `taskset` there is none. */
export function placementHere(): Placement {
  const count = navigator.hardwareConcurrency;
  if (Bun.which('taskset') === null) return anywhere;
  const works = Bun.spawnSync(['taskset', '-c', String(Math.min(count, 3) - 1), 'true']).exitCode === 0;
  return works ? placement(count) : anywhere;
}

/** Moves a process tree with all its threads. @param cores all when undefined */
export function move(pid: number, cores: string | undefined): void {
  if (Bun.which('taskset') === null) return;
  const all = `0-${navigator.hardwareConcurrency - 1}`;
  for (const one of processTree(pid)) Bun.spawnSync(['taskset', '-a', '-c', '-p', cores ?? all, String(one)]);
}
