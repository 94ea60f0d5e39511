import { processTree, read } from './tree.ts';

/** Resident memory of a process tree in bytes. */
export interface Resident {
  all: number;
  /** Of it pages of files: programs, and what LMDB maps. The kernel takes those back when somebody needs them. */
  file: number;
}

export function resident(pid: number): Resident {
  const sum = { all: 0, file: 0 };
  for (const one of processTree(pid)) {
    const status = read(`/proc/${one}/status`);
    sum.all += bytesOf(status, 'VmRSS');
    sum.file += bytesOf(status, 'RssFile') + bytesOf(status, 'RssShmem');
  }
  return sum;
}

/** Resident memory of a process tree in bytes. */
export function residentBytes(pid: number): number {
  return resident(pid).all;
}

function bytesOf(status: string, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
}
