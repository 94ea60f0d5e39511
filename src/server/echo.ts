/** So long after a Ctrl-C another is taken for the same one, ms. */
const ECHO_MS = 300;

let last = -Infinity;

/**
 * Whether a SIGINT is one that was seen already: `bun run` passes on what the terminal has sent to all of its group, so that one
 * Ctrl-C comes twice. To be asked once for each that comes.
 */
export function isEcho(): boolean {
  const now = performance.now();
  if (now - last < ECHO_MS) return true;
  last = now;
  return false;
}
