import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, start, untilListening } from '../measure/processes.ts';
import type { Contender, Running, Where } from './contender.ts';

/** How a peer is run. */
export interface Setup {
  command: string[];
  env?: Record<string, string>;
  /** Files by their names, made in the folder that it runs in. */
  files?: Readonly<Record<string, string>>;
  /** Header lines that its clients must send. */
  headers?: Readonly<Record<string, string>>;
  /** Seconds in which it must listen. @default 10 */
  seconds?: number;
}

/** Where a peer listens, what it forwards to, and the folder that is its current one. */
export interface Place {
  port: number;
  upstream: number;
  folder: string;
}

/**
 * Starts a peer on a free port of 127.0.0.1, in a folder of its own.
 *
 * @throws Error with the end of its log when it does not listen in time or ends before; it is stopped then
 */
export async function launch(
  contender: Contender,
  where: Where,
  setup: (place: Place) => Setup,
): Promise<Running> {
  const { name } = contender;
  const folder = join(where.folder, name);
  const port = freePort();
  const { command, env, files = {}, headers, seconds } = setup({ port, upstream: where.upstream, folder });
  await mkdir(folder);
  for (const [file, text] of Object.entries(files)) await Bun.write(join(folder, file), text);
  const log = join(where.folder, `${name}.log`);
  const child = start(command, { log, cwd: folder, env, cores: where.cores });
  let listens = false;
  const ended = async (): Promise<void> => {
    const code = await child.exited;
    if (!listens) throw new Error(`${name} ended with ${code}`);
  };
  try {
    await Promise.race([untilListening(port, name, seconds), ended()]);
  } catch (error) {
    await child.stop();
    const text = (await Bun.file(log).text()) + (await Bun.file(`${log}.err`).text());
    throw new Error(`${(error as Error).message}\n${text.slice(-2000)}`, { cause: error });
  }
  listens = true;
  return { contender, port, child, headers };
}

/** A contender that is a program with a configuration; one that only `--peers` brings in, unless it says otherwise. */
export function peer(
  name: string,
  {
    isPeer = true,
    answers = 'exact',
    ...known
  }: Pick<Contender, 'missing' | 'features'> & Partial<Contender>,
  setup: (place: Place) => Setup,
): Contender {
  const contender: Contender = {
    ...known,
    name,
    isPeer,
    answers,
    start: (where) => launch(contender, where, setup),
  };
  return contender;
}
