import type { Happening } from './happening.ts';

/** Another thread that reads, masks and writes bodies which would hold up the event loop. */
export interface Aside {
  /** Whether bodies of so many bytes belong there. */
  isLarge(bytes: number): boolean;
  /**
   * Logs or prints an exchange there.
   * @param body - of the answer, decoded; undefined where that was not possible
   * @returns false while too much waits: the caller does without the bodies
   */
  take(kind: 'log' | 'print', happening: Happening, body: Uint8Array | undefined): boolean;
  /** Prints the question of a live answer there, then tells the printer. @returns as `take` */
  question(id: string, request: Uint8Array | undefined): boolean;
  /** To be called by each who uses it: waits for what was posted, when the last one has called. */
  close(): Promise<void>;
}

/** An exchange whose bodies nobody reads: too much waits for the other thread. */
export function withoutBodies(happening: Happening): Happening {
  return { ...happening, request: undefined, json: undefined, answer: undefined, truncated: true };
}
