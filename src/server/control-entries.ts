import { decodeEntry, encodeEntry } from '../store/entries/codec.ts';
import type { EntryStore } from '../store/entries/store.ts';
import type { ControlService } from './control-sockets.ts';

/** Lines that go together: a list of 100,000 is not 100,000 writes. */
const BATCH = 256;

/**
 * The entries of this process for local callers; `store/entries/remote.ts` is the other end.
 *
 * `GET /entries` lists, `/entries/stats`, `GET` and `PUT /entries/KEY` with an entry's bytes, `POST /entries/remove`
 * with a JSON list of keys, by `?each` telling which of them were there.
 */
export function entryService(store: EntryStore): ControlService {
  return {
    name: 'entries',
    handle: async (request, rest) => {
      const { method } = request;
      if (method === 'GET' && rest === '') return listed(store);
      if (method === 'GET' && rest === 'stats') return Response.json(await store.stats());
      if (method === 'POST' && rest === 'remove') return remove(store, request);
      if (!/^[0-9a-f]{32}$/.test(rest)) return undefined;
      if (method === 'GET') return entryOf(store, rest);
      if (method !== 'PUT') return undefined;
      await store.put(rest, decodeEntry(await request.bytes()));
      return Response.json({ put: true });
    },
  };
}

async function entryOf(store: EntryStore, key: string): Promise<Response | undefined> {
  const entry = await store.get(key);
  return entry && new Response(encodeEntry(entry));
}

async function remove(store: EntryStore, request: Request): Promise<Response> {
  const keys: unknown = await request.json();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) throw new TypeError('no keys');
  if (!new URL(request.url).searchParams.has('each')) {
    return Response.json({ removed: await store.remove(keys) });
  }
  const removed: string[] = [];
  for (const key of keys) if ((await store.remove([key])) > 0) removed.push(key);
  return Response.json({ removed });
}

/** JSON lines, `{"end":true}` the last: without it the list was cut. */
function listed(store: EntryStore): Response {
  const pieces = lines(store);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => {
      await pieces.return(undefined);
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
}

async function* lines(store: EntryStore): AsyncGenerator<string, void> {
  let batch: string[] = [];
  try {
    for await (const entry of store.list()) {
      batch.push(JSON.stringify(entry));
      if (batch.length < BATCH) continue;
      yield `${batch.join('\n')}\n`;
      batch = [];
    }
    batch.push('{"end":true}');
  } catch (error) {
    batch.push(JSON.stringify({ error: (error as Error).message }));
  }
  yield `${batch.join('\n')}\n`;
}
