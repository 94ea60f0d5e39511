import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { MemoryWindows } from '../../src/store/windows/memory.ts';
import { type Decision, type Meter, strategies, type WindowStore } from '../../src/store/windows/store.ts';
import { metersOf, vectors } from '../limits/vectors.ts';
import { Dice } from '../support/random.ts';
import { sameAsPlainList } from './plain-list.ts';

const START = 1_700_000_000_000;
const MINUTE = 60_000;
const FIXED = 'fixed-window';
const ELASTIC = 'fixed-window-elastic-expiry';
const MOVING = 'moving-window';

/** What every store must do. @param open an empty one */
export function windowStoreContract(name: string, open: () => Promise<WindowStore>): void {
  describe(`windows in ${name}`, () => {
    let store: WindowStore;
    let users = 0;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    /** A meter that no other test has. */
    const fresh = (amount: number, windowMs = MINUTE, cost = 1): Meter => {
      users += 1;
      return { key: `user ${users}`, amount, windowMs, cost };
    };
    const hit = async (
      meter: Meter,
      strategy: (typeof strategies)[number],
      at: number,
      cost = meter.cost,
    ) => {
      const { allowed, states } = await store.hit([{ ...meter, cost }], strategy, START + at);
      return { allowed, ...states[0]! };
    };

    test('the verdicts of the Python library hold', async () => {
      const wrong: string[] = [];
      for (const [index, { limit, strategy, t, allowed }] of vectors.entries()) {
        const meters = metersOf(limit, `vector ${index}`);
        for (const [i, seconds] of t.entries()) {
          const decision = await store.hit(meters, strategy, Math.round(seconds * 1000));
          if (decision.allowed !== allowed[i]) wrong.push(`${limit}, ${strategy}, request ${i}`);
        }
      }
      expect(vectors.length).toBe(150);
      expect(wrong).toEqual([]);
    });

    test.each([1, 2, 3])(
      'every answer is that of the memory store (random traces, seed %d)',
      async (seed) => {
        const dice = new Dice(seed);
        for (let trace = 0; trace < 60; trace++) await sameAsMemory(store, dice, `random ${seed} ${trace}`);
      },
    );

    test.each([1, 2, 3])('a moving window of many hits is that of a plain list (seed %d)', async (seed) => {
      await sameAsPlainList(store, new Dice(seed), fresh(1e9, 2000));
    });

    test('a fixed window ends at its end, and a refusal changes nothing', async () => {
      const meter = fresh(2);
      expect(await hit(meter, FIXED, 0)).toEqual({
        allowed: true,
        remaining: 1,
        resetMs: MINUTE,
        retryMs: 0,
      });
      expect(await hit(meter, FIXED, 1000)).toMatchObject({ allowed: true, remaining: 0, resetMs: 59_000 });
      const refused = { allowed: false, remaining: 0, resetMs: 1, retryMs: 1 };
      expect(await hit(meter, FIXED, MINUTE - 1)).toEqual(refused);
      expect(await hit(meter, FIXED, MINUTE)).toMatchObject({ allowed: true, remaining: 1, resetMs: MINUTE });
    });

    test('with elastic expiry a refused request stretches the window too', async () => {
      const meter = fresh(1);
      await hit(meter, ELASTIC, 0);
      const refused = { allowed: false, remaining: 0, resetMs: MINUTE, retryMs: MINUTE };
      expect(await hit(meter, ELASTIC, MINUTE - 1)).toEqual(refused);
      expect(await hit(meter, ELASTIC, 2 * MINUTE - 2)).toEqual(refused);
      expect(await hit(meter, ELASTIC, 3 * MINUTE - 2)).toMatchObject({ allowed: true });
    });

    test('in a moving window a request counts for its length, both ends included', async () => {
      const meter = fresh(2);
      await hit(meter, MOVING, 0);
      expect(await hit(meter, MOVING, 10_000)).toEqual({
        allowed: true,
        remaining: 0,
        resetMs: MINUTE + 1,
        retryMs: 0,
      });
      expect(await hit(meter, MOVING, MINUTE)).toEqual({
        allowed: false,
        remaining: 0,
        resetMs: 10_001,
        retryMs: 1,
      });
      expect(await hit(meter, MOVING, MINUTE + 1)).toMatchObject({ allowed: true, remaining: 0 });
    });

    test.each(strategies)('after retryMs it fits, and not before (%s)', async (strategy) => {
      const meter = fresh(10);
      for (const at of [0, 700, 900]) await hit(meter, strategy, at, 3);
      const { allowed, retryMs } = await hit(meter, strategy, 1000, 5);
      expect(allowed).toBe(false);
      // Asking would stretch the elastic one.
      if (strategy !== ELASTIC)
        expect(await hit(meter, strategy, 1000 + retryMs - 1, 5)).toMatchObject({ retryMs: 1 });
      expect(await hit(meter, strategy, 1000 + retryMs, 5)).toMatchObject({ allowed: true });
    });

    test.each(strategies)('of several meters all count or none (%s)', async (strategy) => {
      const [narrow, wide] = [fresh(1), fresh(10, 60 * MINUTE)];
      const both = (at: number) => store.hit([narrow, wide], strategy, START + at);
      await both(0);
      for (const at of [1, 2, 3]) {
        const { allowed, states } = await both(at);
        expect(allowed).toBe(false);
        expect(states.map(({ remaining, retryMs }) => [remaining, retryMs > 0])).toEqual([
          [0, true],
          [9, false],
        ]);
      }
    });

    test.each(strategies)('cost 0 looks and changes nothing (%s)', async (strategy) => {
      const meter = fresh(1);
      expect(await hit(meter, strategy, 0, 0)).toEqual({
        allowed: true,
        remaining: 1,
        resetMs: 0,
        retryMs: 0,
      });
      await hit(meter, strategy, 0);
      expect(await hit(meter, strategy, 500, 0)).toMatchObject({ allowed: true, remaining: 0, retryMs: 0 });
      expect(await hit(meter, strategy, MINUTE + 1, 0)).toMatchObject({ remaining: 1, resetMs: 0 });
    });

    test.each(strategies)('a cost over the amount never fits (%s)', async (strategy) => {
      const meter = fresh(5);
      const never = { allowed: false, remaining: 5, resetMs: 0, retryMs: Infinity };
      expect(await hit(meter, strategy, 0, 6)).toEqual(never);
      expect(await hit(meter, strategy, 0, 5)).toMatchObject({ allowed: true, remaining: 0 });
      expect(await hit(fresh(0), strategy, 0)).toMatchObject({ allowed: false, retryMs: Infinity });
    });

    test.each(strategies)(
      'settling gives back and takes more, where the hit still counts (%s)',
      async (strategy) => {
        const meter = fresh(100, MINUTE, 60);
        const settle = (at: number, delta: number, now: number) =>
          store.settle([meter], strategy, START + at, delta, START + now);
        const remaining = async (at: number) => (await hit(meter, strategy, at, 0)).remaining;
        await hit(meter, strategy, 0);
        expect((await hit(meter, strategy, 10)).allowed).toBe(false);
        await settle(0, -50, 20);
        expect(await remaining(20)).toBe(90);
        expect((await hit(meter, strategy, 30)).allowed).toBe(true);
        await settle(30, 70, 40);
        expect(await remaining(40)).toBe(0);
        await settle(30, -1_000_000, 50);
        expect(await remaining(50)).toBeGreaterThanOrEqual(90);
        // Its window is over: there is nothing to correct.
        await hit(meter, strategy, 5 * MINUTE);
        await settle(30, 40, 5 * MINUTE);
        expect(await remaining(5 * MINUTE)).toBe(40);
      },
    );

    test.each(strategies)('settling all of it leaves no window (%s)', async (strategy) => {
      const meter = fresh(100, MINUTE, 60);
      await hit(meter, strategy, 0);
      await store.settle([meter], strategy, START, -60, START + 10);
      expect(await hit(meter, strategy, 20, 0)).toEqual({
        allowed: true,
        remaining: 100,
        resetMs: 0,
        retryMs: 0,
      });
      expect(await hit(meter, strategy, 30)).toMatchObject({ allowed: true, remaining: 40 });
    });

    test.each(strategies)(
      'hits of several processes may come a little out of order (%s)',
      async (strategy) => {
        const meter = fresh(4);
        const verdicts = [];
        for (const at of [10, 8, 9, 9, 8]) verdicts.push((await hit(meter, strategy, at)).allowed);
        expect(verdicts).toEqual([true, true, true, true, false]);
        await store.settle([meter], strategy, START + 8, -1, START + 11);
        expect((await hit(meter, strategy, 11, 0)).remaining).toBe(1);
        expect((await hit(meter, strategy, 2 * MINUTE)).remaining).toBe(3);
      },
    );

    test.each(strategies)(
      'a clock that ran ahead and is set right locks nobody out for longer than the window (%s)',
      async (strategy) => {
        for (const hits of [3, 200]) {
          const meter = fresh(hits);
          const [day, spread] = [86_400_000, 100];
          await hit(meter, strategy, 0);
          for (let i = 1; i <= hits; i++) await hit(meter, strategy, day + i * spread);
          const back = day + hits * spread - 3_600_000;
          const refused = await hit(meter, strategy, back);
          expect(refused.allowed).toBe(false);
          expect(refused.resetMs).toBeLessThanOrEqual(MINUTE + 1);
          expect(refused.retryMs).toBeLessThanOrEqual(MINUTE + 1);
          // Asked again and again meanwhile, which stretches the elastic one.
          if (strategy !== ELASTIC)
            for (const later of [1, 1000, MINUTE - 1])
              expect(await hit(meter, strategy, back + later)).toMatchObject({
                allowed: false,
                retryMs: refused.retryMs - later,
              });
          expect(await hit(meter, strategy, back + MINUTE + 1)).toMatchObject({
            allowed: true,
            remaining: hits - 1,
          });
          await store.settle([meter], strategy, START + back + MINUTE + 1, -1, START + back + MINUTE + 2);
          expect(await hit(meter, strategy, back + MINUTE + 3, 0)).toMatchObject({ remaining: hits });
        }
      },
    );

    test('of a moving window, what a clock that ran ahead counted is kept beside what was before', async () => {
      const meter = fresh(200);
      for (let i = 0; i < 100; i++) await hit(meter, MOVING, i * 100);
      for (let i = 0; i < 100; i++) await hit(meter, MOVING, 20_000 + i * 100);
      // The clock is set back to before some of them.
      expect(await hit(meter, MOVING, 15_000)).toMatchObject({ allowed: false, remaining: 0 });
      expect((await hit(meter, MOVING, MINUTE + 5000, 0)).remaining).toBe(50);
      expect((await hit(meter, MOVING, MINUTE + 15_000, 0)).remaining).toBe(100);
      expect((await hit(meter, MOVING, MINUTE + 15_001, 0)).remaining).toBe(200);
    });

    test('strategies have windows of their own', async () => {
      const meter = fresh(1);
      for (const strategy of strategies) expect((await hit(meter, strategy, 0)).allowed).toBe(true);
    });

    test.each(strategies)('large numbers stay exact (%s)', async (strategy) => {
      const meter = fresh(Number.MAX_SAFE_INTEGER, 360 * 86_400_000, 2 ** 40 + 1);
      await hit(meter, strategy, 0);
      await hit(meter, strategy, 100 * 86_400_000 + 1);
      const { remaining } = await hit(meter, strategy, 100 * 86_400_000 + 2, 0);
      expect(remaining).toBe(Number.MAX_SAFE_INTEGER - 2 ** 41 - 2);
    });
  });
}

/** One random trace, hits and settlements, on a store and on memory. */
async function sameAsMemory(store: WindowStore, dice: Dice, user: string): Promise<void> {
  const memory = new MemoryWindows();
  const strategy = dice.pick(strategies);
  const base = Array.from({ length: dice.int(1, 3) }, (_, i) => ({
    key: `${user}/${i}`,
    amount: dice.int(0, 12),
    windowMs: dice.pick([1000, 5000, 60_000, 3_600_000]),
  }));
  let now = START + dice.int(0, 1_000_000);
  const past: number[] = [];
  for (let i = 0; i < 40; i++) {
    const { windowMs } = dice.pick(base);
    now += dice.pick([0, 1, dice.int(0, windowMs), windowMs, windowMs + 1, Math.floor(windowMs / 5)]);
    const meters = base.map(({ key, amount, windowMs: length }) => ({
      key,
      amount,
      windowMs: length,
      cost: dice.pick([0, 1, 1, 1, 2, 5]),
    }));
    if (past.length > 0 && dice.chance(0.25)) {
      const [at, delta] = [dice.pick(past), dice.int(-4, 4)];
      memory.settle(meters, strategy, at, delta, now);
      await store.settle(meters, strategy, at, delta, now);
      continue;
    }
    const expected: Decision = memory.hit(meters, strategy, now);
    const context = { user, i, strategy, meters, now };
    expect({ ...context, ...(await store.hit(meters, strategy, now)) }).toEqual({ ...context, ...expected });
    past.push(now);
  }
}
