import { openWindowStore } from '../../src/store/windows/open.ts';
import { windowStoreContract } from './contract.ts';
import { emptyDir } from './processes.ts';

windowStoreContract('LMDB', async () => openWindowStore('lmdb', emptyDir()));
