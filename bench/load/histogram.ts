/** Counts a power of two is cut into: a value is found again within 1/256 of itself. */
const CUTS = 256;
const BITS = 8;
/** Counted in tenths of a microsecond, up to 214 s. */
const PER_MS = 10_000;
const GREATEST = 2 ** 31 - 1;

/** Times in milliseconds, counted in buckets that widen with the value; recording costs nanoseconds and no memory. */
export class Histogram {
  readonly #counts = new Uint32Array(CUTS * (31 - BITS) + CUTS);
  count = 0;
  /** The greatest, exact; 0 when there is none. */
  max = 0;

  record(ms: number): void {
    if (ms > this.max) this.max = ms;
    this.count += 1;
    this.#counts[bucketOf(Math.min(Math.max(Math.round(ms * PER_MS), 0), GREATEST))]! += 1;
  }

  /** The time in milliseconds that `share` (0 to 1) of all are not above; undefined when there is none. */
  quantile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    let left = Math.max(Math.ceil(share * this.count), 1);
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return Math.min(middleOf(bucket) / PER_MS, this.max);
    }
    return this.max;
  }
}

/** The first 512 buckets hold one value each, then 256 hold two each, then 256 four, and so on. */
function bucketOf(value: number): number {
  const shift = Math.max(31 - Math.clz32(value) - BITS, 0);
  return CUTS * shift + (value >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * CUTS) return bucket;
  const shift = Math.floor(bucket / CUTS) - 1;
  const width = 2 ** shift;
  return (bucket - CUTS * shift) * width + width / 2;
}
