import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { preallocate } from './preallocate.ts';

const BYTES = 4096;
const OPENER = 0;
const FIRST_SLOT = 2;
const WORDS = BYTES / 4;
/** Whoever is waited for longer than this is not who wrote his number there: process ids come again. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 0.2;

/**
 * Keeps writers of an LMDB environment out while another process opens it.
 *
 * lmdb 3.5.6 needs that: opening (`mdb_env_open2`) puts the transaction number that it read a moment before into
 * the shared lock file, with no lock held, and so takes back what was committed in between. Sixty opens beside
 * one busy writer lost 15,000 of 440,000 counts.
 *
 * One page of memory, shared through a file: word 0 has the process that opens, and then each store has two words,
 * its process and whether it writes. Each side says what it does before it looks at the other (Atomics are
 * sequentially consistent), so that at least one of two sees the other and waits. Entering costs some nanoseconds.
 * A process that was killed is found out by its number; all must be of one process namespace, as for LMDB itself.
 */
export class Gate {
  private readonly words: Int32Array;
  private readonly slot: number;

  constructor(file: string) {
    const opened = openSync(file, 'a+', 0o600);
    try {
      ftruncateSync(opened, BYTES);
    } finally {
      closeSync(opened);
    }
    preallocate(file, BYTES);
    this.words = new Int32Array(Bun.mmap(file, { shared: true }).buffer, 0, WORDS);
    this.slot = this.takeSlot();
  }

  /** Before a transaction. It waits while somebody opens the environment, for milliseconds. */
  enter(): void {
    const { words, slot } = this;
    Atomics.store(words, slot + 1, 1);
    if (Atomics.load(words, OPENER) !== 0) this.waitForOpener();
  }

  /** After it, whatever became of it. */
  leave(): void {
    Atomics.store(this.words, this.slot + 1, 0);
  }

  /** Runs `open` while nobody writes, and nobody else opens. */
  whileAlone<T>(open: () => T): T {
    const { words } = this;
    waitUntil(() => this.becomeOpener());
    try {
      for (let slot = FIRST_SLOT; slot < WORDS; slot += 2) {
        const owner = Atomics.load(words, slot);
        // This process does one thing at a time: what has its number is left from one that had it before.
        const isQuiet = () => owner === process.pid || !isAlive(owner);
        waitUntil(() => Atomics.load(words, slot + 1) === 0 || isQuiet());
        Atomics.store(words, slot + 1, 0);
      }
      return open();
    } finally {
      Atomics.compareExchange(words, OPENER, process.pid, 0);
    }
  }

  close(): void {
    Atomics.store(this.words, this.slot + 1, 0);
    Atomics.store(this.words, this.slot, 0);
  }

  private waitForOpener(): void {
    const { words, slot } = this;
    do {
      Atomics.store(words, slot + 1, 0);
      const opener = Atomics.load(words, OPENER);
      waitUntil(() => Atomics.load(words, OPENER) !== opener || !isAlive(opener));
      // Only where it is still the same: it died, or it never was an opener.
      Atomics.compareExchange(words, OPENER, opener, 0);
      Atomics.store(words, slot + 1, 1);
    } while (Atomics.load(words, OPENER) !== 0);
  }

  private becomeOpener(): boolean {
    const before = Atomics.compareExchange(this.words, OPENER, 0, process.pid);
    if (before === 0 || before === process.pid) return true;
    if (!isAlive(before)) Atomics.compareExchange(this.words, OPENER, before, 0);
    return false;
  }

  private takeSlot(): number {
    for (let slot = FIRST_SLOT; slot < WORDS; slot += 2) {
      const owner = Atomics.load(this.words, slot);
      if (owner !== 0 && isAlive(owner)) continue;
      if (Atomics.compareExchange(this.words, slot, owner, process.pid) !== owner) continue;
      Atomics.store(this.words, slot + 1, 0);
      return slot;
    }
    throw new Error(`more than ${WORDS / 2 - 1} stores are open in one folder`);
  }
}

/** @returns false when it took too long */
function waitUntil(condition: () => boolean): boolean {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    Bun.sleepSync(PAUSE_MS);
  }
  return true;
}

function isAlive(pid: number): boolean {
  // In a file that is damaged there may be anything: a negative number is a group of processes.
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is one.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
