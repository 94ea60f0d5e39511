/** A process whose files can't grow, for tests: counts twenty times more than fits, then says what it has. */
import { openStore, recordWith, sumOf } from './records.ts';

const { store, problems } = openStore(process.argv[2]!);
let added = 0;
const addAll = () => {
  for (let i = 0; i < 400; i++, added++)
    store.add(recordWith({ user: `k:${added % 900}`, model: `m${added}` }));
};
let before = 0;
for (let round = 0; round < 20; round++) {
  if (problems.length === 0) before = added;
  addAll();
  store.flush();
}
console.log(JSON.stringify({ problems, before, kept: sumOf(store, 'requests') }));
await store.close();
