import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  BrokenEntry,
  type Entry,
  type EntryStore,
  type EntryStoreOptions,
  type Listed,
} from '../../src/store/entries/store.ts';
import { Dice } from '../support/random.ts';
import { until } from '../support/until.ts';
import { bytesOf, keyOf, sampleEntry } from './sample.ts';

const MIB = 2 ** 20;
const ROOMY: EntryStoreOptions = { maxSize: 64 * MIB };
const NARROW: EntryStoreOptions = { maxSize: 4 * MIB };

/** What one store has and another has not. */
export interface EntryStoreTraits {
  /** A durable store: opens again what `open` opened last, after it was closed. */
  readonly reopen?: (options: EntryStoreOptions) => Promise<EntryStore>;
  /**
   * Spoils some bytes of the entry that is kept under the key, in what `open` opened last. The store is closed then when
   * there is a `reopen`, and open when there is none.
   */
  readonly damage?: (key: string) => void | Promise<void>;
}

/** What every store must do. @param open an empty one, each time it is called; the suite closes it */
export function entryStoreContract(
  engine: string,
  open: (options: EntryStoreOptions) => Promise<EntryStore>,
  { reopen, damage }: EntryStoreTraits,
): void {
  describe(`entries in ${engine}`, () => {
    let store: EntryStore;
    beforeEach(async () => {
      store = await open(ROOMY);
    });
    afterEach(() => store.close());

    const listed = async (): Promise<Map<string, Listed>> => {
      const all: Listed[] = [];
      for await (const one of store.list()) all.push(one);
      const byKey = new Map(all.map((one) => [one.key, one]));
      // None twice.
      expect(byKey.size).toBe(all.length);
      return byKey;
    };
    const put = (i: number) => store.put(keyOf(i), sampleEntry(bytesOf(i, 100_000)));
    const opened = async (options: EntryStoreOptions) => {
      await store.close();
      store = await open(options);
    };
    const reopened = async (options = ROOMY) => {
      await store.close();
      store = await reopen!(options);
    };
    const keptOf = async (names: readonly (number | string)[]) => {
      const kept = await listed();
      return names.filter((one) => kept.has(keyOf(one)));
    };
    const expectSumsRight = async () => {
      const sizes = [...(await listed()).values()].map(({ size }) => size);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      expect(await store.stats()).toEqual({ entries: sizes.length, bytes });
    };

    test('what was put is given, and nothing else', async () => {
      const entry = sampleEntry();
      expect(await store.get(keyOf('a'))).toBeUndefined();
      await store.put(keyOf('a'), entry);
      expectSame(await store.get(keyOf('a')), entry);
      expect(await store.get(keyOf('b'))).toBeUndefined();
    });

    test.each<[what: string, entry: Entry]>([
      ['an empty body', sampleEntry('')],
      ['an empty request', { ...sampleEntry(), request: new Uint8Array(0) }],
      ['no header fields', { ...sampleEntry(), headers: [] }],
      ['nothing at all', { ...sampleEntry(''), request: new Uint8Array(0), headers: [] }],
      ['every byte there is', sampleEntry(Uint8Array.from({ length: 1024 }, (_, i) => i))],
      ['a body of 2 MB', sampleEntry(bytesOf('large', 2_000_000))],
      ['a request of 2 MB', { ...sampleEntry(), request: bytesOf('large', 2_000_000) }],
      [
        'header fields that come twice, and any letters',
        {
          ...sampleEntry(),
          headers: [
            ['content-type', 'text/event-stream; charset=utf-8'],
            ['x-a', 'one'],
            ['x-a', 'two'],
            ['x-letters', 'é – 漢 "\\\u0001'],
            ['x-empty', ''],
          ],
        },
      ],
      [
        'any model, user and times',
        sampleEntry('x', {
          model: 'модель "x"\n\0😀',
          user: keyOf('user'),
          route: 'GET /v1/models?a=%20b',
          target: '',
          storedAt: 0,
          expiresAt: 0,
          keptUntil: 0,
        }),
      ],
    ])('kept as it is: %s', async (_what, entry) => {
      await store.put(keyOf('a'), entry);
      expectSame(await store.get(keyOf('a')), entry);
      const { about, size } = (await listed()).get(keyOf('a'))!;
      expect(about).toEqual(entry.about);
      expect(size).toBeGreaterThanOrEqual(entry.body.length + entry.request.length);
      if (!reopen) return;
      await reopened();
      expectSame(await store.get(keyOf('a')), entry);
    });

    test.each([0, 1, 100, 2000, 4095, 4096, 4097, 70_000, 1_100_000])(
      'a body of %d bytes, and one more after it',
      async (length) => {
        for (const more of [0, 1, 2]) await store.put(keyOf(more), sampleEntry(bytesOf(more, length + more)));
        for (const more of [0, 1, 2]) expectBody(await store.get(keyOf(more)), bytesOf(more, length + more));
      },
    );

    test('an entry replaces the one that was there', async () => {
      for (const length of [10, 300_000, 0, 5000, 20]) {
        await store.put(keyOf('a'), sampleEntry(bytesOf(length, length)));
        expectBody(await store.get(keyOf('a')), bytesOf(length, length));
        await expectSumsRight();
      }
      expect(await store.stats()).toMatchObject({ entries: 1 });
    });

    test('what was given stays as it was while others are given, put and removed', async () => {
      await store.put(keyOf('a'), sampleEntry(bytesOf('a', 5000)));
      await store.put(keyOf('b'), sampleEntry(bytesOf('b', 5000)));
      const a = await store.get(keyOf('a'));
      await store.get(keyOf('b'));
      await store.put(keyOf('a'), sampleEntry(bytesOf('c', 5000)));
      await store.remove([keyOf('a')]);
      for (let i = 0; i < 20; i++) await store.put(keyOf(i), sampleEntry(bytesOf(i, 5000)));
      expectBody(a, bytesOf('a', 5000));
    });

    test('who puts may use his bytes again', async () => {
      const entry = sampleEntry(bytesOf('a', 5000));
      const request = Buffer.from(entry.request);
      await store.put(keyOf('a'), entry);
      entry.body.fill(0);
      entry.request.fill(0);
      expectBody(await store.get(keyOf('a')), bytesOf('a', 5000));
      expect(Buffer.from((await store.get(keyOf('a')))!.request)).toEqual(request);
    });

    test('removing says how many there were', async () => {
      expect(await store.remove([])).toBe(0);
      expect(await store.remove([keyOf('none')])).toBe(0);
      for (const i of [1, 2, 3]) await store.put(keyOf(i), sampleEntry(bytesOf(i, 3000)));
      expect(await store.remove([keyOf(1), keyOf('none'), keyOf(3), keyOf(1)])).toBe(2);
      expect(await store.get(keyOf(1))).toBeUndefined();
      expectBody(await store.get(keyOf(2)), bytesOf(2, 3000));
      expect(await keptOf([1, 2, 3])).toEqual([2]);
      await expectSumsRight();
      expect(await store.remove([keyOf(2)])).toBe(1);
      expect(await store.stats()).toEqual({ entries: 0, bytes: 0 });
      await store.put(keyOf(1), sampleEntry('again'));
      expectBody(await store.get(keyOf(1)), Buffer.from('again'));
    });

    test('a stale entry is given, and none after its keptUntil', async () => {
      const now = Date.now();
      await store.put(
        keyOf('stale'),
        sampleEntry('stale', { expiresAt: now - 1000, keptUntil: now + 60_000 }),
      );
      await store.put(keyOf('gone'), sampleEntry('gone', { expiresAt: now - 1000, keptUntil: now - 500 }));
      await store.put(keyOf('going'), sampleEntry('going', { expiresAt: now, keptUntil: now + 1500 }));
      await store.put(keyOf('ever'), sampleEntry('ever', { expiresAt: 0, keptUntil: 0 }));
      expectBody(await store.get(keyOf('stale')), Buffer.from('stale'));
      expect(await store.get(keyOf('gone'))).toBeUndefined();
      expectBody(await store.get(keyOf('going')), Buffer.from('going'));
      await until(async () => (await store.get(keyOf('going'))) === undefined, 'it is no longer kept');
      expect(Date.now()).toBeGreaterThanOrEqual(now + 1500);
      expect(await keptOf(['stale', 'gone', 'going', 'ever'])).toEqual(['stale', 'ever']);
      expectBody(await store.get(keyOf('ever')), Buffer.from('ever'));
    });

    test('what is past its keptUntil goes away without being asked for', async () => {
      const until5 = Date.now() + 5;
      for (let i = 0; i < 30; i++)
        await store.put(keyOf(i), sampleEntry(bytesOf(i, 3000), { expiresAt: until5, keptUntil: until5 }));
      await store.put(keyOf('stays'), sampleEntry());
      await until(async () => (await store.stats()).entries === 1, 'all but one are gone', 15_000);
      await expectSumsRight();
    }, 20_000);

    test('the oldest go when there is no more room, and the newest stay', async () => {
      await opened(NARROW);
      const names = Array.from({ length: 100 }, (_, i) => i);
      for (const i of names) {
        await store.put(keyOf(i), sampleEntry(bytesOf(i, 100_000)));
        expect((await store.stats()).bytes).toBeLessThanOrEqual(NARROW.maxSize);
      }
      const kept = await keptOf(names);
      expect(kept).toEqual(names.slice(names.length - kept.length));
      // A store may want a little room for itself, but not half of it.
      expect(kept.length).toBeGreaterThan(25);
      for (const i of names) {
        const entry = await store.get(keyOf(i));
        if (kept.includes(i)) expectBody(entry, bytesOf(i, 100_000));
        else expect(entry).toBeUndefined();
      }
      await expectSumsRight();
    });

    test('an entry that was got, or put again, outlives those that were not', async () => {
      await opened(NARROW);
      for (let i = 0; i < 20; i++) await put(i);
      for (let i = 20; i < 200; i++) {
        expectBody(await store.get(keyOf(3)), bytesOf(3, 100_000));
        if (i % 10 === 0) await put(7);
        await put(i);
      }
      expect(await keptOf([3, 5, 7, 20, 198, 199])).toEqual([3, 7, 198, 199]);
    });

    test('when it was used is known, soon', async () => {
      const before = Date.now();
      await store.put(keyOf('a'), sampleEntry());
      const first = (await listed()).get(keyOf('a'))!.usedAt;
      expect(first).toBeGreaterThanOrEqual(before - 1000);
      expect(first).toBeLessThanOrEqual(Date.now() + 1000);
      await until(() => Date.now() > first + 1100, 'time passes');
      await store.get(keyOf('a'));
      await until(async () => (await listed()).get(keyOf('a'))!.usedAt > first, 'the use is noted');
    });

    test('an entry over the whole size is refused, and no other lost', async () => {
      await opened(NARROW);
      const names = Array.from({ length: 10 }, (_, i) => i);
      for (const i of names) await store.put(keyOf(i), sampleEntry(bytesOf(i, 100_000)));
      for (const key of [keyOf('new'), keyOf(4)]) {
        const refused = store.put(key, sampleEntry(bytesOf('x', NARROW.maxSize + 1)));
        expect(String(await refused.catch((error: unknown) => error))).toMatch(/Error: .*larger than/);
      }
      expect(await store.get(keyOf('new'))).toBeUndefined();
      for (const i of names) expectBody(await store.get(keyOf(i)), bytesOf(i, 100_000));
      await expectSumsRight();
    });

    test('small entries beside large ones: the size is held, and what is given is right', async () => {
      await opened(NARROW);
      const dice = new Dice(7);
      const lengths = new Map<string, number>();
      for (let i = 0; i < 400; i++) {
        const name = String(dice.int(0, 80));
        const length = dice.pick([0, 200, 1500, 2000, 5000, 30_000, 400_000]);
        lengths.set(name, length);
        await store.put(keyOf(name), sampleEntry(bytesOf(`${name} ${length}`, length)));
        const other = String(dice.int(0, 80));
        const entry = await store.get(keyOf(other));
        if (entry) expectBody(entry, bytesOf(`${other} ${lengths.get(other)}`, lengths.get(other)!));
        if (dice.chance(0.05)) await store.remove([keyOf(dice.int(0, 80))]);
        expect((await store.stats()).bytes).toBeLessThanOrEqual(NARROW.maxSize);
      }
      await expectSumsRight();
    });

    test('of many puts and gets at once none mixes with another, and the last put of a key stays', async () => {
      const dice = new Dice(11);
      const wrong: string[] = [];
      const last = new Map<number, string>();
      const gets: Promise<void>[] = [];
      const puts: Promise<void>[] = [];
      const look = async (i: number) => {
        const entry = await store.get(keyOf(i));
        if (!entry) return;
        const [owner] = entry.about.model.split(' ');
        const body = bytesOf(entry.about.model, entry.body.length);
        if (owner !== String(i) || !body.equals(entry.body)) wrong.push(`${i} gave ${entry.about.model}`);
      };
      for (let round = 0; round < 40; round++) {
        for (let n = 0; n < 20; n++) {
          const i = dice.int(0, 40);
          const model = `${i} ${round} ${n}`;
          last.set(i, model);
          puts.push(store.put(keyOf(i), sampleEntry(bytesOf(model, dice.int(0, 9000)), { model })));
          gets.push(look(dice.int(0, 40)));
        }
        if (round % 4 === 0) await Promise.all(puts);
      }
      await Promise.all([...puts, ...gets]);
      expect(wrong).toEqual([]);
      for (const [i, model] of last) expect((await store.get(keyOf(i)))?.about.model).toBe(model);
      await expectSumsRight();
    });

    test('a put is got as soon as it resolves, and a remove takes what was put before it', async () => {
      for (let i = 0; i < 50; i++) {
        const puts = [0, 1, 2].map((n) => store.put(keyOf(`${i} ${n}`), sampleEntry(bytesOf(n, 100))));
        await puts[0];
        expectBody(await store.get(keyOf(`${i} 0`)), bytesOf(0, 100));
        await Promise.all(puts);
      }
      const last = store.put(keyOf('last'), sampleEntry());
      const removed = store.remove([keyOf('last')]);
      await last;
      expect(await removed).toBe(1);
      expect(await store.get(keyOf('last'))).toBeUndefined();
    });

    test('a list goes on while entries come and go', async () => {
      const stays = Array.from({ length: 300 }, (_, i) => keyOf(`stays ${i}`));
      for (const key of stays) await store.put(key, sampleEntry(bytesOf(key, 300)));
      for (let i = 0; i < 100; i++) await store.put(keyOf(`goes ${i}`), sampleEntry());
      const seen: string[] = [];
      for await (const { key } of store.list()) {
        if (seen.length < 100) {
          await store.remove([keyOf(`goes ${seen.length}`)]);
          await store.put(keyOf(`comes ${seen.length}`), sampleEntry());
        }
        seen.push(key);
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(stays.filter((key) => !seen.includes(key))).toEqual([]);
      await expectSumsRight();
    });

    test('a list may be left in the middle', async () => {
      for (let i = 0; i < 50; i++) await store.put(keyOf(i), sampleEntry());
      for await (const { key } of store.list()) if (key) break;
      expect((await listed()).size).toBe(50);
    });

    test('after its close it refuses, and may be closed again', async () => {
      await store.put(keyOf('a'), sampleEntry());
      await store.close();
      const calls = [
        async () => store.get(keyOf('a')),
        async () => store.put(keyOf('b'), sampleEntry()),
        async () => store.remove([keyOf('a')]),
        async () => store.stats(),
        listed,
      ];
      for (const call of calls)
        expect(
          await call().then(
            () => 'answered',
            () => 'refused',
          ),
        ).toBe('refused');
      await store.close();
    });

    if (reopen) durable();
    if (damage) damaged();

    function durable(): void {
      test('everything is there after it is opened again', async () => {
        const names = Array.from({ length: 60 }, (_, i) => i);
        for (const i of names)
          await store.put(keyOf(i), sampleEntry(bytesOf(i, i * 999), { model: `m${i}` }));
        await store.remove([keyOf(5)]);
        const [before, stats] = [await listed(), await store.stats()];
        await reopened();
        expect(await listed()).toEqual(before);
        expect(await store.stats()).toEqual(stats);
        for (const i of names) {
          const entry = await store.get(keyOf(i));
          if (i === 5) expect(entry).toBeUndefined();
          else expectBody(entry, bytesOf(i, i * 999));
        }
      });

      test('closing waits for what was put', async () => {
        const puts = Array.from({ length: 20 }, (_, i) => store.put(keyOf(i), sampleEntry(bytesOf(i, 5000))));
        await Promise.all([reopened(), ...puts]);
        for (let i = 0; i < 20; i++) expectBody(await store.get(keyOf(i)), bytesOf(i, 5000));
      });

      test('the order of use is kept too', async () => {
        await opened(NARROW);
        for (let i = 0; i < 20; i++) await put(i);
        await store.get(keyOf(2));
        await reopened(NARROW);
        for (let i = 100; i < 125; i++) await put(i);
        expect(await keptOf([0, 1, 2, 124])).toEqual([2, 124]);
      });

      test('what is too much for a smaller size goes, oldest first', async () => {
        for (let i = 0; i < 100; i++) await store.put(keyOf(i), sampleEntry(bytesOf(i, 100_000)));
        await reopened(NARROW);
        await store.put(keyOf('new'), sampleEntry(bytesOf('new', 100_000)));
        expect((await store.stats()).bytes).toBeLessThanOrEqual(NARROW.maxSize);
        const names = Array.from({ length: 100 }, (_, i) => i);
        const kept = await keptOf(names);
        expect(kept).toEqual(names.slice(names.length - kept.length));
        for (const i of kept) expectBody(await store.get(keyOf(i)), bytesOf(i, 100_000));
        expectBody(await store.get(keyOf('new')), bytesOf('new', 100_000));
        await expectSumsRight();
      });
    }

    function damaged(): void {
      test.each([50, 3000, 200_000])('a damaged entry of %d bytes is known to be', async (length) => {
        for (const name of ['a', 'b']) await store.put(keyOf(name), sampleEntry(bytesOf(name, length)));
        if (reopen) await store.close();
        await damage!(keyOf('a'));
        if (reopen) store = await reopen(ROOMY);
        const error = await Promise.try(() => store.get(keyOf('a'))).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(BrokenEntry);
        expectBody(await store.get(keyOf('b')), bytesOf('b', length));
        expect(await keptOf(['b'])).toEqual(['b']);
        await store.put(keyOf('a'), sampleEntry('again'));
        expectBody(await store.get(keyOf('a')), Buffer.from('again'));
        expect(await store.remove([keyOf('a'), keyOf('b')])).toBe(2);
        expect(await store.stats()).toEqual({ entries: 0, bytes: 0 });
      });
    }
  });
}

function expectBody(entry: Entry | undefined, body: Buffer): void {
  // Not toEqual: it is slow on a megabyte, and shows it.
  expect(entry && { length: entry.body.length, isRight: body.equals(entry.body) }).toEqual({
    length: body.length,
    isRight: true,
  });
}

function expectSame(entry: Entry | undefined, expected: Entry): void {
  expect(entry && { about: entry.about, headers: entry.headers }).toEqual({
    about: expected.about,
    headers: expected.headers,
  });
  expect(Buffer.from(expected.request).equals(entry!.request)).toBe(true);
  expectBody(entry, Buffer.from(expected.body));
}
