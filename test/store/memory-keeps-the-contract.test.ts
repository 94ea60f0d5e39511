import { MemoryWindows } from '../../src/store/memory.ts';
import { windowStoreContract } from './contract.ts';

windowStoreContract('memory', async () => new MemoryWindows());
