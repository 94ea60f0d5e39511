import { hostname } from 'node:os';

/** What workers of one supervisor have in common and nobody else: another server may use the same DATA_DIR. */
export function serverName(): string {
  const isWorker = process.env['AIFD_WORKER'] !== undefined;
  return `${hostname()}/${isWorker ? process.ppid : process.pid}`;
}
