import { correct, decide, State } from './strategies.ts';
import type { Decision, Meter, Strategy, WindowStore } from './store.ts';

/** How many windows each hit looks at, to let go of those that ended: more than it can add. */
const SWEPT_PER_METER = 2;

/** Windows in this process's memory: not shared, and gone with it. */
export class MemoryWindows implements WindowStore {
  private readonly windows: Record<Strategy, Sweeping> = {
    'fixed-window': new Sweeping(),
    'fixed-window-elastic-expiry': new Sweeping(),
    'moving-window': new Sweeping(),
  };

  /** How many windows are held, those that ended and wait to be let go included. */
  get size(): number {
    return Object.values(this.windows).reduce((sum, { states }) => sum + states.size, 0);
  }

  hit(meters: readonly Meter[], strategy: Strategy, now: number): Decision {
    const held = this.held(meters, strategy);
    const decision = decide(meters, held, strategy, now);
    this.keep(meters, held, strategy, now);
    return decision;
  }

  settle(meters: readonly Meter[], strategy: Strategy, at: number, delta: number, now: number): void {
    const held = this.held(meters, strategy);
    for (const [i, meter] of meters.entries()) correct(held[i]!, meter, strategy, at, delta, now);
    this.keep(meters, held, strategy, now);
  }

  async close(): Promise<void> {
    for (const { states } of Object.values(this.windows)) states.clear();
  }

  private held(meters: readonly Meter[], strategy: Strategy): State[] {
    const { states } = this.windows[strategy];
    return meters.map(({ key }) => states.get(key) ?? new State());
  }

  private keep(meters: readonly Meter[], held: readonly State[], strategy: Strategy, now: number): void {
    const windows = this.windows[strategy];
    for (let i = 0; i < meters.length; i++) {
      const { key } = meters[i]!;
      if (held[i]!.used > 0) windows.states.set(key, held[i]!);
      else windows.states.delete(key);
    }
    windows.sweep(SWEPT_PER_METER * meters.length, now);
  }
}

/** A map that is walked round and round, a few steps at a time: no timer, and no pause however large it is. */
class Sweeping {
  readonly states = new Map<string, State>();
  private walk = this.states.entries();

  sweep(steps: number, now: number): void {
    for (let i = 0; i < steps; i++) {
      const { value, done } = this.walk.next();
      if (done) {
        this.walk = this.states.entries();
        return;
      }
      if (value[1].ends < now) this.states.delete(value[0]);
    }
  }
}
