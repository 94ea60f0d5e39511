import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Something this process does for local callers, under the first part of a path: `entries` has `/entries…`. */
export interface ControlService {
  readonly name: string;
  /**
   * @param rest what follows its name in the path, without slashes around: empty, or a key
   * @returns undefined for what there is not
   */
  handle(request: Request, rest: string): Response | undefined | Promise<Response | undefined>;
}

/** A socket may be bound and not yet listened on: one as young as this is not taken for a dead process's. */
const YOUNG_MS = 5_000;

/** Where the processes of one DATA_DIR listen for `aifd cache` and the like. */
export const controlFolder = (dataDir: string): string => join(dataDir, 'run');

/** The sockets that are there, those of dead processes among them, in a stable order. */
export async function controlSockets(dataDir: string): Promise<string[]> {
  const folder = controlFolder(dataDir);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith('.sock'))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(folder, name));
}

/**
 * Makes the folder, for its owner only, and takes away sockets that nobody listens on any more.
 *
 * @returns a free path for this process's own
 */
export async function freeSocket(dataDir: string): Promise<string> {
  const folder = controlFolder(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // It was there already, perhaps made by hand: whoever can connect can read all answers.
  await chmod(folder, 0o700);
  for (const path of await controlSockets(dataDir)) if (await isDead(path)) await rm(path, { force: true });
  const taken = new Set(await controlSockets(dataDir));
  const own = join(folder, `${process.pid}.sock`);
  if (!taken.has(own)) return own;
  // Another container with the same folder and the same process id.
  return join(folder, `${process.pid}-${crypto.randomUUID().slice(0, 8)}.sock`);
}

/** Asks the kernel and not a process id: ids are given again, and every container has a process 1. */
async function isDead(path: string): Promise<boolean> {
  try {
    (await Bun.connect({ unix: path, socket: { data() {} } })).end();
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return false;
  }
  if (!isAlive(Number(/(\d+)(?:-\w+)?\.sock$/.exec(path)?.[1]))) return true;
  const made = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return Date.now() - made > YOUNG_MS;
}

function isAlive(pid: number): boolean {
  // What has our own id is from before us: we have none yet.
  if (pid === process.pid || !(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
