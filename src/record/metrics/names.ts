import { cleanLine } from '../../text/terminal.ts';

/** What stands for names that found no room. */
export const OTHER = 'other';

/** So many of the names, one in four, may be of requests that failed. */
const UNPROVEN_SHARE = 4;

/**
 * Names that clients choose, as labels: the first `most` stand for themselves, all others are one. Names of failed
 * requests get a part of the room only: else whoever asks for models that are not there pushes out those that are.
 */
export class BoundedNames {
  private readonly known = new Map<string, string>();
  private unproven = 0;

  constructor(private readonly most: number) {}

  /** @param isProven - the request that named it went well */
  label(name: string, isProven: boolean): string {
    return this.known.get(name) ?? this.admit(name, isProven);
  }

  private admit(name: string, isProven: boolean): string {
    const { known, most } = this;
    if (known.size >= most) return OTHER;
    if (!isProven && this.unproven >= most / UNPROVEN_SHARE) return OTHER;
    if (!isProven) this.unproven++;
    const label = cleanLine(name);
    // Two that are the same when cleaned are one label, or a scrape would hold a series twice.
    known.set(name, label);
    return label;
  }
}
