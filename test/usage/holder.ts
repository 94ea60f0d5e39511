/** A worker that counts, for tests: `bun holder.ts DATA_DIR REQUESTS`. Says `ready`; holds until it is killed. */
import { Live, liveService } from '../../src/record/live/live.ts';
import { startControl } from '../../src/server/control.ts';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { happeningWith } from './records.ts';

const [dataDir, requests] = process.argv.slice(2) as [string, string];
const live = new Live();
for (let i = 0; i < Number(requests); i++) live.happened(happeningWith({ durationMs: 100 }));
live.begun();
live.happened(happeningWith({ user: 'k:evil\u001b[2J', status: 429 }));
live.begun();
const store = await openEntryStore('memory', '', { maxSize: 2 ** 20 });
await startControl(dataDir, store, { services: [liveService(live)] });
console.log('ready');
setInterval(() => {}, 60_000);
