import { join } from 'node:path';
import type { Contender } from './contender.ts';
import { peer } from './launch.ts';

/**
 * The floor of the runtime that aifd stands on: the least that Bun can do of forwarding, and of answering what was asked
 * before. What aifd costs beyond it is aifd's own.
 */
export const floors: readonly Contender[] = [floor('bun-floor', 'forward'), floor('bun-floor-hit', 'answer')];

function floor(name: string, mode: 'forward' | 'answer'): Contender {
  const known = { features: 'off', isPeer: false, missing: () => undefined } as const;
  return peer(name, known, ({ port, upstream }) => ({
    command: [
      process.execPath,
      join(import.meta.dir, 'floor-server.ts'),
      String(port),
      String(upstream),
      mode,
    ],
  }));
}
