import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { trueEnvironment } from '../../config/environment.ts';
import { type Flags, load } from '../../config/load.ts';
import { maskUrl } from '../../config/mask.ts';
import type { Config } from '../../config/options.ts';
import { cachePlace, type Place } from '../../gateway/cache/place.ts';
import { controlFolder, controlSockets } from '../../server/control-sockets.ts';
import { openEntryStore } from '../../store/entries/open.ts';
import { type RemoteAbout, RemoteEntries, RemoteProblem } from '../../store/entries/remote.ts';
import type { EntryStore } from '../../store/entries/store.ts';
import { MergedEntries } from './merged.ts';
import { CacheProblem } from './problem.ts';
import { readUserSecret } from '../../store/user-digest.ts';

/** What is imported beside a running server goes by the server's cap, and beyond this by ours. Bytes. */
const LEAST_CAP = 12 * 2 ** 30;

/** The cache that the configuration names, open. */
export interface Opened {
  readonly store: EntryStore;
  /** Name of the engine. */
  readonly backend: string;
  /** Where it is, for people; no password. */
  readonly where: string;
  /** What it may take, bytes; of several workers, each. */
  readonly maxSize: number;
  /** The processes that were asked; none when the store was opened here. */
  readonly pids: readonly number[];
}

interface Found {
  readonly remote: RemoteEntries;
  readonly about: RemoteAbout;
}

/** What a socket that is there may take to say who it is, milliseconds. */
const GREETING_MS = 3_000;

/**
 * Opens the cache: a shared one beside whoever has it open, another in the process that has it.
 *
 * @param isWritten whether it is made when it is not there yet
 * @throws ConfigError when the configuration is wrong, CacheProblem when the cache can't be had
 */
export async function openCache(flags: Flags, isWritten: boolean): Promise<Opened> {
  const cwd = process.cwd();
  const { config } = load({ flags, env: trueEnvironment(cwd), cwd });
  readUserSecret(config.dataDir);
  const place = cachePlace(config);
  if (place.isShared) return openHere(config, place, isWritten);
  const found = await findRunning(config, place);
  if (found.length > 0) return openThere(config, place, found);
  if (place.backend !== 'memory') return openHere(config, place, isWritten);
  const folder = relative(cwd, controlFolder(config.dataDir)) || '.';
  throw new CacheProblem(
    `no running aifd with a memory cache has a socket in ${folder}: start it with the same DATA_DIR and a route cached, ` +
      'or set CACHE_BACKEND',
  );
}

async function openHere(config: Config, place: Place, isWritten: boolean): Promise<Opened> {
  const { backend, path } = place;
  const isUrl = backend.includes('://');
  const where = isUrl ? maskUrl(backend) : resolve(path);
  // To look is not to make: a wrong DATA_DIR is to be seen, and not to be filled with empty folders.
  const isThere = isUrl || (await stat(path).catch(() => undefined)) !== undefined;
  if (!isThere && !isWritten) console.error(`aifd: nothing is kept yet in ${where}`);
  const [engine, at] = isThere || isWritten ? [backend, path] : ['memory', ''];
  const { cacheMaxSize: maxSize } = config;
  try {
    // The server holds its own cap: one that this shell happens to have must not empty its cache.
    const store = await openEntryStore(engine, at, { maxSize: Math.max(maxSize, LEAST_CAP) });
    return { store, backend: isUrl ? 'redis' : backend, where, maxSize, pids: [] };
  } catch (error) {
    // It says where, and why.
    throw new CacheProblem((error as Error).message);
  }
}

function openThere(config: Config, { backend, path }: Place, found: readonly Found[]): Opened {
  const remotes = found.map(({ remote }) => remote);
  const pids = found.map(({ about }) => about.pid);
  const process = pids.length === 1 ? 'process' : 'processes';
  const where = `${backend === 'memory' ? '' : `${resolve(path)}, `}${process} ${pids.join(', ')}`;
  return {
    store: remotes.length === 1 ? remotes[0]! : new MergedEntries(remotes),
    backend,
    where,
    maxSize: found[0]!.about.maxSize ?? config.cacheMaxSize,
    pids,
  };
}

/** Running processes that have this very cache. @throws CacheProblem when one of them can't be asked */
async function findRunning({ dataDir }: Config, place: Place): Promise<Found[]> {
  const paths = await controlSockets(dataDir).catch((error: Error) => {
    throw new CacheProblem(`${controlFolder(dataDir)} can't be read: ${error.message}`);
  });
  const all = await Promise.all(paths.map(greet));
  return all.filter((found) => found !== undefined).filter(({ about }) => hasCache(about, place));
}

async function greet(socket: string): Promise<Found | undefined> {
  try {
    const about = await new RemoteEntries(socket, GREETING_MS).about();
    return { remote: new RemoteEntries(socket), about };
  } catch (error) {
    // Its process was killed; the next that starts takes it away.
    if (error instanceof RemoteProblem && error.isGone) return undefined;
    throw new CacheProblem((error as Error).message);
  }
}

function hasCache(about: RemoteAbout, { backend, path }: Place): boolean {
  return about.backend === backend && (backend === 'memory' || about.path === resolve(path));
}
