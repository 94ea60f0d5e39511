import { MemoryWindows } from '../../src/store/windows/memory.ts';
import { windowStoreContract } from './contract.ts';

windowStoreContract('memory', async () => new MemoryWindows());
