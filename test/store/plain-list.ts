import { expect } from 'bun:test';
import type { Meter, WindowStore } from '../../src/store/windows/store.ts';
import type { Dice } from '../support/random.ts';

const MOVING = 'moving-window';
const START = 1_700_000_000_000;

/** A moving window as one would write it who has all the time there is. */
class PlainList {
  private hits: { time: number; cost: number }[] = [];

  constructor(private readonly windowMs: number) {}

  get used(): number {
    return this.hits.reduce((sum, { cost }) => sum + cost, 0);
  }

  passTo(now: number): void {
    this.hits = this.hits.filter(({ time }) => time >= now - this.windowMs);
  }

  count(time: number, cost: number): void {
    const same = this.hits.find((hit) => hit.time === time);
    if (same) same.cost += cost;
    else this.hits = [...this.hits, { time, cost }].toSorted((a, b) => a.time - b.time);
  }

  correct(at: number, delta: number): void {
    const hit = this.hits.find(({ time }) => time === at);
    if (hit) hit.cost = Math.max(0, hit.cost + delta);
    this.hits = this.hits.filter(({ cost }) => cost > 0);
  }

  resetMs(now: number): number {
    const newest = this.hits.at(-1);
    return newest ? newest.time + this.windowMs - now + 1 : 0;
  }

  /** Until `room` more is free. */
  retryMs(room: number, now: number): number {
    let left = room;
    const last = this.hits.find(({ cost }) => (left -= cost) <= 0);
    return last!.time + this.windowMs - now + 1;
  }
}

/** Some hundred hits at once in a window, passing, late, refused, given back and raised, wherever they are in it. */
export async function sameAsPlainList(store: WindowStore, dice: Dice, meter: Meter): Promise<void> {
  const list = new PlainList(meter.windowMs);
  const past: number[] = [];
  let now = START;
  const hit = async (time: number, cost: number, amount = meter.amount) => {
    const { allowed, states } = await store.hit([{ ...meter, cost, amount }], MOVING, time);
    return { time, allowed, ...states[0]! };
  };
  const counted = async (time: number) => {
    const cost = dice.int(1, 4);
    list.passTo(time);
    list.count(time, cost);
    const [remaining, resetMs] = [meter.amount - list.used, list.resetMs(time)];
    expect(await hit(time, cost)).toEqual({ time, allowed: true, remaining, resetMs, retryMs: 0 });
    past.push(time);
  };
  const refused = async () => {
    list.passTo(now);
    const { used } = list;
    const [cost, amount] = [dice.int(1, used), dice.int(used - 5, used)];
    if (cost > amount || used + cost <= amount) return;
    const [resetMs, retryMs] = [list.resetMs(now), list.retryMs(used + cost - amount, now)];
    const remaining = Math.max(0, amount - used);
    const expected = { time: now, allowed: false, remaining, resetMs, retryMs };
    expect(await hit(now, cost, amount)).toEqual(expected);
  };
  const settled = async (at: number, delta: number) => {
    list.passTo(now);
    list.correct(at, delta);
    await store.settle([meter], MOVING, at, delta, now);
  };
  for (let step = 0; step < 1200; step++) {
    now += dice.chance(0.005) ? dice.int(0, 2500) : dice.int(0, 4);
    // oxlint-disable no-await-in-loop
    await counted(now);
    // Another process's clock is behind, or it was only slow.
    if (dice.chance(0.1)) await counted(now - dice.int(1, dice.chance(0.2) ? 900 : 5));
    if (dice.chance(0.1)) await refused();
    if (dice.chance(0.2)) await settled(dice.pick(past.slice(-900)), dice.int(-4, 3));
    // The latest are all given back.
    if (dice.chance(0.005))
      for (const at of past.slice(-dice.int(1, 100)).toReversed()) await settled(at, -9999);
  }
}
