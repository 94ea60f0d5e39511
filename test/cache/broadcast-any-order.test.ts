import { expect, test } from 'bun:test';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import { Dice } from '../support/random.ts';
import { broadcasting, settled, type Sink } from './broadcast-source.ts';

/** What must be true of a reader at any time, and what is known of it. */
interface Known {
  readonly reader: Sink;
  started: boolean;
  left: boolean;
}

const BIG = 40_000;

/** One life of a broadcast: events in any order, and after each the readers' bytes beside the upstream's. */
async function live(seed: number): Promise<string> {
  const dice = new Dice(seed);
  const mostKept = dice.pick([0, 10, 100, 1000, 2 * BIG, 1e6]);
  const { source, broadcast, told, join } = broadcasting(mostKept);
  const all: Known[] = [];
  const present = (): Known[] => all.filter(({ left, reader }) => !left && reader.state === 'open');
  let over: 'ended' | 'failed' | 'deserted' | undefined;

  const events: Record<string, () => void> = {
    join() {
      if (broadcast.canJoin) all.push({ reader: join(), started: false, left: false });
    },
    start() {
      const known = dice.pick([...present(), undefined]);
      if (!known || known.started) return;
      known.started = true;
      known.reader.start(dice.chance(0.5));
    },
    read() {
      // A socket that is paused may still have one read in hand.
      if (over || (source.paused && dice.chance(0.9))) return;
      const size = (): number => (dice.chance(0.2) ? dice.int(1, BIG) : dice.int(0, 20));
      source.read(...Array.from({ length: dice.int(1, 4) }, () => Buffer.alloc(size(), dice.int(0, 255))));
    },
    fill() {
      for (const { reader } of present()) if (dice.chance(0.4)) reader.full = true;
    },
    drain() {
      for (const { reader } of present()) if (dice.chance(0.6)) reader.drain();
    },
    leave() {
      const known = dice.pick([...present(), undefined]);
      if (!known || dice.chance(0.5)) return;
      known.left = true;
      known.reader.body.discard();
      if (!over && present().length === 0) over = 'deserted';
    },
    end() {
      if (over || dice.chance(0.9)) return;
      over = 'ended';
      source.body.end();
    },
    fail() {
      if (over || dice.chance(0.95)) return;
      over = 'failed';
      source.body.fail(new WireFailure('truncated', 'gone'));
    },
  };

  const check = (): void => {
    const { bytes } = source;
    for (const { reader } of all) {
      // Never anything but the upstream's bytes, in order, from the start.
      if (!reader.bytes.equals(bytes.subarray(0, reader.length))) throw new Error('other bytes');
      if (reader.state === 'ended' && (over !== 'ended' || reader.length !== bytes.length))
        throw new Error('a clean end of what was cut');
    }
    if (told.deserted + told.ends.length > 1) throw new Error('told twice');
    // One read may be in hand when the upstream is told to wait.
    const bound = Math.max(mostKept, 64 * 1024) + 2 * 4 * BIG;
    if (broadcast.heldBytes > bound) throw new Error(`held ${broadcast.heldBytes}`);
  };

  const names = Object.keys(events);
  for (let step = 0; step < 80; step++) {
    events[dice.pick(names)]!();
    if (dice.chance(0.5)) await settled();
    check();
  }
  // In the end all read on, and all is over.
  for (const known of present()) {
    if (!known.started) known.reader.start();
    known.started = true;
    known.reader.drain();
  }
  await settled();
  if (!over) {
    expect(source.paused).toBe(false);
    source.read('the last of it');
    over = 'ended';
    source.body.end();
  }
  await settled();
  check();
  for (const { reader, left } of all) {
    if (left) continue;
    expect(reader.state).toBe(over === 'ended' ? 'ended' : 'cut');
    expect(reader.length).toBe(source.bytes.length);
  }
  const size = source.bytes.length;
  expect(source.cancelled).toBe(over === 'deserted' ? 1 : 0);
  expect(told.deserted).toBe(source.cancelled);
  if (over === 'ended') {
    expect(told.ends.map(({ whole }) => whole?.length !== undefined)).toEqual([size <= mostKept]);
  } else if (over === 'failed') {
    expect(told.ends).toEqual([{ whole: undefined, failure: 'truncated' }]);
  }
  // Everybody has all of it: what is still held is held for nobody.
  expect(broadcast.heldBytes).toBe(0);
  return over;
}

test('in whatever order they come, stall, leave and end: each has the upstream’s bytes, and its end', async () => {
  const seen: Record<string, number> = {};
  for (let seed = 1; seed <= 600; seed++) {
    const end = await live(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`);
    });
    seen[end] = (seen[end] ?? 0) + 1;
  }
  // Each way to end was there.
  expect(Object.keys(seen).toSorted()).toEqual(['deserted', 'ended', 'failed']);
});
