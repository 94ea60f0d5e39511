import { join } from 'node:path';
import type { LoadOrder, LoadReport } from './order.ts';

/** Seconds that a load may take: ten times what any does. */
const longest = 60;

/**
 * Runs a load in its own process.
 *
 * @param order what to send.
 * @param onAllStarted called once every stream of a `starts` load is open.
 * @throws Error when any answer was not whole, or the load took more than a minute.
 */
export async function runLoad(order: LoadOrder, onAllStarted?: () => void): Promise<LoadReport> {
  const file = order.kind === 'json' ? 'json.ts' : 'sse.ts';
  const child = Bun.spawn([process.execPath, join(import.meta.dir, file), JSON.stringify(order)], {
    stdout: 'pipe',
    stderr: 'inherit',
    timeout: longest * 1000,
    killSignal: 'SIGKILL',
  });
  let out = '';
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    const text = decoder.decode(bytes, { stream: true });
    if (text.includes('started\n')) onAllStarted?.();
    out += text;
  }
  const code = await child.exited;
  if (child.signalCode === 'SIGKILL')
    throw new Error(`the ${order.kind} load was killed: by another hand, or not done in ${longest} seconds`);
  if (code !== 0) throw new Error(`the ${order.kind} load on ${order.target.path} failed (exit ${code})`);
  return JSON.parse(out.slice(out.indexOf('{')));
}
