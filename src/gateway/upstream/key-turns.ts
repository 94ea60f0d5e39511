import { mask } from '../../config/mask.ts';

/** For how long a key that the upstream refused is not used. ms */
const REST_MS = 10 * 60_000;

/** A target's real keys in turn. One that the upstream refuses rests; where all rest, they are tried all the same. */
export class KeyTurns {
  private turn = 0;
  /** By key, until when it rests. A key stays in here until the upstream accepts it. */
  private readonly resting = new Map<string, number>();

  /**
   * @param say - told when the upstream refuses a key and when it accepts it again, once each
   * @param now - ms
   */
  constructor(
    private readonly keys: readonly string[],
    private readonly say: (message: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * The key for the next attempt, round-robin; undefined when the target has none.
   * @param last - the key of the attempt before: another is better
   */
  next(last?: string): string | undefined {
    const { keys } = this;
    if (keys.length < 2) return keys[0];
    return this.working((key) => key !== last) ?? this.working(() => true) ?? this.longestResting();
  }

  /** A key that does not rest and was not tried for this request; undefined when there is none. */
  another(tried: ReadonlySet<string>): string | undefined {
    return this.working((key) => !tried.has(key));
  }

  /** The upstream refused a key with that status. */
  refused(key: string, status: number): void {
    const isNews = !this.resting.has(key);
    this.resting.set(key, this.now() + REST_MS);
    if (!isNews) return;
    const which = this.keys.length === 1 ? 'its only key' : 'the key';
    const rest = this.keys.length === 1 ? '' : '; it is not used for 10 minutes';
    this.say(`refuses ${which} ${mask(key)} (status ${status})${rest}`);
  }

  /** The upstream did what a request under that key asked for. */
  accepted(key: string): void {
    if (this.resting.size > 0 && this.resting.delete(key)) this.say(`accepts the key ${mask(key)} again`);
  }

  private working(isWanted: (key: string) => boolean): string | undefined {
    const { keys } = this;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[this.turn++ % keys.length]!;
      if (isWanted(key) && !this.rests(key)) return key;
    }
    return undefined;
  }

  private rests(key: string): boolean {
    // Nearly always empty.
    return this.resting.size > 0 && (this.resting.get(key) ?? 0) > this.now();
  }

  private longestResting(): string {
    return this.keys.reduce((a, b) => ((this.resting.get(b) ?? 0) < (this.resting.get(a) ?? 0) ? b : a));
  }
}
