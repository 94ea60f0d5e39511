import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Strategy } from '../../src/store/windows/store.ts';

export const emptyDir = (): string => mkdtempSync(join(tmpdir(), 'aifd-store-'));

const hitter = join(import.meta.dir, 'hitter.ts');

export function spawnHitter(backend: string, dir: string, strategy: Strategy, ...rest: string[]) {
  return Bun.spawn([process.execPath, hitter, backend, dir, strategy, ...rest], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
}

/** How many of `hits` are allowed to each of several processes that all begin when all are ready. */
export async function hitFromProcesses(
  count: number,
  hits: number,
  backend: string,
  dir: string,
  strategy: Strategy,
) {
  const children = Array.from({ length: count }, () => spawnHitter(backend, dir, strategy, String(hits)));
  const outputs = children.map(({ stdout }) => stdout.getReader());
  await Promise.all(outputs.map((reader) => reader.read()));
  await Promise.all(children.map(({ stdin }) => stdin.end()));
  return Promise.all(
    outputs.map(async (reader) => {
      const { value } = await reader.read();
      return Number(/allowed (\d+)/.exec(new TextDecoder().decode(value))?.[1]);
    }),
  );
}
