import { MemoryEntries } from '../../src/store/entries/memory.ts';
import { entryStoreContract } from './contract.ts';

entryStoreContract('memory', async (options) => new MemoryEntries(options), {});
