/** A process that reads one window without end: with `bun test/store/lmdb-reader.ts <folder> <map bytes>`. */
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';

const [dir = '', mapBytes] = process.argv.slice(2);
const store = new LmdbWindows(dir, Number(mapBytes));
const meter = { key: 'reader', amount: 1, windowMs: 1e7, cost: 1 };
await store.hit([meter], 'fixed-window', 1000);
await store.hit([meter], 'fixed-window', 1000);
// It is refused by reading, and its snapshot is held for the whole of a turn.
const read = () => store.hit([meter], 'fixed-window', 1000);
await read();
void read();
console.log('reads');
for (;;) void read();
