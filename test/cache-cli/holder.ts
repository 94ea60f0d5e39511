/**
 * A process that has a cache as a server has it, for tests: `bun holder.ts '{"dataDir":…,"backend":…,"path":…,"entries":…}'`.
 * Says `ready`; holds until it is killed.
 */
import { cachePlace } from '../../src/gateway/cache/place.ts';
import { startControl } from '../../src/server/control.ts';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { entryWith, headKey } from './support.ts';

export interface Held {
  readonly dataDir: string;
  readonly backend: string;
  readonly entries: number;
  /** The number of the first entry. */
  readonly from?: number;
  /** Goes on to put and remove entries as fast as it can. */
  readonly isBusy?: boolean;
}

const { dataDir, backend, entries, from = 0, isBusy } = JSON.parse(process.argv[2]!) as Held;
const place = cachePlace({ cacheBackend: backend, cacheRootPathOrUrl: '', dataDir });
const maxSize = 2 ** 30;
const store = await openEntryStore(place.backend, place.path, { maxSize });
for (let i = from; i < from + entries; i++) {
  await store.put(headKey(i), entryWith({ about: { model: i % 2 === 0 ? 'gpt-4o' : 'gpt-4o-mini' } }));
}
if (!place.isShared) await startControl(dataDir, store, { cache: { ...place, maxSize } });
console.log('ready');

async function beBusy(): Promise<never> {
  for (let i = 0; ; i++) {
    await store.put(headKey(1_000_000 + (i % 500)), entryWith());
    if (i % 3 === 0) await store.remove([headKey(1_000_000 + ((i * 7) % 500))]);
    if (i % 20 === 0) await Bun.sleep(0);
  }
}

if (isBusy === true) await beBusy();
setInterval(() => {}, 60_000);
