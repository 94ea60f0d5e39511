import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `bun run bench:peers-install` puts what Debian has no packages for; git ignores it. */
export const peersFolder = join(import.meta.dir, '../../.peers');

/** Exact versions of the peers that are not Debian's. */
export const pins = {
  /** The last whose options have the names of the README that aifd follows. */
  openaiForward: '0.6.12',
  /** Later ones want a `certifi` that not every index has. */
  litellm: '1.106.2',
  portkey: '1.15.2',
  /** With a later one every stream through Portkey 1.15.2 is an error 500 (its issue 1389). */
  honoNodeServer: '1.14.1',
  /** Where there is no Debian: from its Go module. */
  caddy: 'v2.11.9',
} as const;

/** What a peer is started with: the file in `.peers/`, or else the program on the PATH. */
export function programOf(file: string, program?: string): string | undefined {
  const path = join(peersFolder, file);
  if (existsSync(path)) return path;
  return (program === undefined ? null : Bun.which(program)) ?? undefined;
}

/** A {@link Contender.missing} for a peer that the install script brings. */
export function needsInstalled(file: string, program?: string): () => string | undefined {
  const name = program === undefined ? `.peers/${file} is not there` : `${program} is not on PATH`;
  return () =>
    programOf(file, program) === undefined ? `${name}: \`bun run bench:peers-install\`` : undefined;
}

/** As {@link programOf}. @throws Error when it is not installed, which `missing` said before. */
export function installed(file: string, program?: string): string {
  const path = programOf(file, program);
  if (path === undefined) throw new Error(`${program ?? file} is not installed`);
  return path;
}
