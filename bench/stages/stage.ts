/** One thing that is measured. */
export interface Case {
  name: string;
  /** Awaited when it gives a promise. */
  run(): unknown;
  /** How many of what is measured one `run` does. @default 1 */
  per?: number;
}

/** One stage of the request path, ready to be measured. */
export interface Stage {
  cases: readonly Case[];
  close?(): unknown;
}

/** Makes a stage ready. @param folder - its own, for what it keeps on disk */
export type OpenStage = (folder: string) => Stage | Promise<Stage>;

/** Runs `action` so many times in one turn of the event loop, then lets the turn end. */
export async function inOneTurn(times: number, action: () => void): Promise<void> {
  for (let i = 0; i < times; i++) action();
  await new Promise((done) => setImmediate(done));
}
