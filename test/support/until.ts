/**
 * Waits until `condition` gives something truthy, looking again after each turn of the event loop.
 * @param withinMs - fails after so long: a deadline, not a wait
 */
export async function until<T>(condition: () => T | Promise<T>, what = String(condition), withinMs = 5000) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await Bun.sleep(2);
  }
}

/** Fails when `promise` has not settled after `withinMs`: a deadline, not a wait. */
export async function within<T>(promise: Promise<T>, what: string, withinMs = 5000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${withinMs} ms: ${what}`)), withinMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
