import { escapedLine } from '../../text/terminal.ts';
import { padded, widthOf } from '../width.ts';
import { shownUser } from '../../store/user-digest.ts';

/** Digits of a key that are shown: as many as git's, and some. */
const SHORT_KEY = 12;
const SHORT_USER = 10;

export const shortKey = (key: string): string => key.slice(0, SHORT_KEY);

/** A user is a digest; whose entry is everybody's is none. */
export const shortUser = (user: string): string =>
  user === '' ? '-' : escapedLine(shownUser(user)).slice(0, SHORT_USER);

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** A span of time in its largest unit, rounded down: `3d`, `12h`, `5m`, `0s`. */
export function span(milliseconds: number): string {
  const [unit, length] = units.find(([, each]) => milliseconds >= each) ?? units[3];
  return `${Math.max(0, Math.floor(milliseconds / length))}${unit}`;
}

/** What is left until `expiresAt`: `23h`, `over`, `ever`. */
export function left(expiresAt: number, now: number): string {
  if (expiresAt === 0) return 'ever';
  return expiresAt <= now ? 'over' : span(expiresAt - now);
}

/** `17 B`, `1.5 KiB`, `12 MiB`: units as CACHE_MAX_SIZE reads them. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < 4) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`;
}

/** `1 entry`, `1,234 entries`. */
export const entries = (count: number): string =>
  `${count.toLocaleString('en')} ${count === 1 ? 'entry' : 'entries'}`;

/** Rows under each other, the last column as it comes. */
export function columns(
  rows: readonly (readonly string[])[],
  rightOf: ReadonlySet<number> = new Set(),
): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        if (rightOf.has(index)) return cell.padStart(widths[index]!);
        return index === row.length - 1 ? cell : padded(cell, widths[index]!);
      })
      .join('  '),
  );
}
