import { processTree, read } from './tree.ts';

/** Resident memory of a process tree in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = processTree(pid).map(
    (one) => /VmRSS:\s+(\d+)/.exec(read(`/proc/${one}/status`))?.[1] ?? 0,
  );
  return kilobytes.reduce<number>((sum, value) => sum + Number(value) * 1024, 0);
}
