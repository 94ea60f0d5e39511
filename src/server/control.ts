import { resolve } from 'node:path';
import type { EntryStore } from '../store/entries/store.ts';
import { entryService } from './control-entries.ts';
import { type ControlService, freeSocket } from './control-sockets.ts';

/** Which cache a process has: whoever calls must not take another's for it. */
export interface ControlledCache {
  /** `memory`, `leveldb` or `rocksdb`. */
  readonly backend: string;
  /** Its folder; of no meaning for memory. */
  readonly path: string;
  readonly maxSize: number;
}

export interface ControlOptions {
  readonly cache?: ControlledCache;
  /** Further services beside `entries`. */
  readonly services?: readonly ControlService[];
}

/** A socket for local callers that is open. */
export interface Control {
  readonly path: string;
  /** Closes it and takes it away. */
  stop(): Promise<void>;
}

/**
 * Listens on `<dataDir>/run/<pid>.sock`, which this user alone can open, for `aifd cache` and its like: what this process
 * keeps can be opened by no other.
 *
 * @param store - the cache, where no other process can open it
 * @throws an error with a code when the folder or the socket can't be made
 */
export async function startControl(
  dataDir: string,
  store: EntryStore | undefined,
  { cache, services = [] }: ControlOptions = {},
): Promise<Control> {
  const all = [aboutService(cache), ...(store ? [entryService(store)] : []), ...services];
  const byName = new Map(all.map((service) => [service.name, service]));
  const path = await freeSocket(dataDir);
  const server = Bun.serve({
    unix: path,
    // An entry may be as large as the configuration lets it.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch: (request, own) => {
      // A list may be read slowly.
      own.timeout(request, 0);
      return answer(byName, request);
    },
  });
  return { path, stop: () => server.stop(true) };
}

async function answer(services: ReadonlyMap<string, ControlService>, request: Request): Promise<Response> {
  const [, name = '', rest = ''] = /^\/([^/]*)\/?(.*)$/.exec(new URL(request.url).pathname) ?? [];
  let response: Response | undefined;
  try {
    response = await services.get(name)?.handle(request, rest);
  } catch (error) {
    const { name: kind, message } = error as Error;
    response = Response.json({ kind, message }, { status: 500 });
  }
  response ??= Response.json({ kind: 'NotThere', message: 'there is no such thing' }, { status: 404 });
  // By this a caller knows that it is aifd that answers.
  response.headers.set('x-aifd-control', '1');
  return response;
}

function aboutService(cache: ControlledCache | undefined): ControlService {
  const about = { pid: process.pid, ...cache, ...(cache && { path: resolve(cache.path) }) };
  return { name: 'about', handle: () => Response.json(about) };
}
