/**
 * Times sorted into buckets, each a fourth root of two wider than the one before it: a quantile is right to a tenth.
 * From a quarter of a millisecond up to 17 minutes; what is longer is in the last.
 */
export const BUCKETS = 90;
const PER_OCTAVE = 4;
const FIRST_MS = 0.25;

/** The bucket of a time in ms. */
export function bucketOf(ms: number): number {
  if (!(ms > FIRST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / FIRST_MS) * PER_OCTAVE));
}

/** Where a bucket ends, ms. */
export const endOf = (bucket: number): number => FIRST_MS * 2 ** (bucket / PER_OCTAVE);

/**
 * @param counts - the buckets, from `from` on
 * @param share - 0.5 for the median
 * @returns ms, undefined when nothing was counted
 */
export function quantile(counts: ArrayLike<number>, share: number, from = 0): number | undefined {
  let all = 0;
  for (let i = 0; i < BUCKETS; i++) all += counts[from + i]!;
  if (all === 0) return undefined;
  let before = 0;
  for (let i = 0; i < BUCKETS; i++) {
    const count = counts[from + i]!;
    if (count === 0 || before + count < share * all) {
      before += count;
      continue;
    }
    const low = i === 0 ? 0 : endOf(i - 1);
    return low + (endOf(i) - low) * Math.min(1, Math.max(0, (share * all - before) / count));
  }
  return endOf(BUCKETS - 1);
}
