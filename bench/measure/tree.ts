import { readFileSync, readdirSync } from 'node:fs';

/** The process and all its descendants that are alive. */
export function processTree(pid: number): number[] {
  const threads = list(`/proc/${pid}/task`);
  const children = threads.flatMap((tid) =>
    read(`/proc/${pid}/task/${tid}/children`).split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** Reads of /proc: a process may end between two reads, and what is not there counts as empty. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}

/** The names in a folder of /proc. */
export function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
