import { join } from 'node:path';
import { freePort, start, untilListening } from '../measure/processes.ts';
import type { Child } from '../measure/processes.ts';
import type { Where } from './contender.ts';

/** Starts a redis-server that keeps nothing on disk. */
export async function startRedis({ folder }: Where): Promise<{ url: string; child: Child }> {
  const port = freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = start(['redis-server', ...options, '--dir', folder], { log: join(folder, 'redis.log') });
  await untilListening(port, 'redis-server').catch(async (error: Error) => {
    await child.stop();
    throw error;
  });
  return { url: `redis://127.0.0.1:${port}`, child };
}
