import { describe, expect, test } from 'bun:test';
import { FairQueue, UserSlots, type Entry, type PlaceEntry } from '../../src/gateway/limits/queue.ts';
import { Dice } from '../support/random.ts';
import { QueueTime } from './queue-clock.ts';

interface Options {
  readonly limit: number;
  readonly perUser: number;
  readonly size: number;
  readonly timeoutMs: number;
}

/** One request as the test follows it. */
interface Asked {
  readonly id: number;
  readonly user: string;
  readonly target: number;
  readonly at: number;
  readonly client: AbortController;
  place?: PlaceEntry;
  outcome?: string;
}

/** Drives real queues by the dice and follows what becomes of each request. */
class Run {
  readonly time = new QueueTime();
  readonly users: UserSlots;
  readonly queues: FairQueue[];
  readonly events: string[] = [];
  readonly waiting: Asked[] = [];
  readonly holding: Asked[] = [];
  /** Refused for lack of room since last checked. */
  readonly full: Asked[] = [];
  private count = 0;

  constructor(
    readonly options: readonly Options[],
    perUser: number,
  ) {
    this.users = new UserSlots(perUser);
    this.queues = options.map((each) => new FairQueue(each, this.users, this.time));
  }

  async enter(user: string, target: number): Promise<Asked> {
    const client = new AbortController();
    const asked: Asked = { id: this.count++, user, target, at: this.time.now(), client };
    const entry = this.queues[target]!.enter(user, () => client.signal);
    if (!(entry instanceof Promise)) this.settle(asked, entry);
    else {
      this.waiting.push(asked);
      void this.follow(asked, entry);
    }
    await this.turn();
    return asked;
  }

  async release(asked: Asked): Promise<void> {
    this.holding.splice(this.holding.indexOf(asked), 1);
    asked.place!.release();
    if (asked.id % 3 === 0) asked.place!.release();
    await this.turn();
  }

  async abort(asked: Asked): Promise<void> {
    asked.client.abort();
    await this.turn();
  }

  async pass(ms: number): Promise<void> {
    this.time.pass(ms);
    await this.turn();
  }

  private async follow(asked: Asked, entry: Promise<Entry>): Promise<void> {
    const settled = await entry;
    this.waiting.splice(this.waiting.indexOf(asked), 1);
    this.settle(asked, settled);
  }

  private settle(asked: Asked, entry: Entry): void {
    if (asked.outcome !== undefined) throw new Error('settled twice');
    asked.outcome = entry.kind;
    this.events.push(`${asked.id} ${entry.kind}`);
    if (entry.kind === 'full') this.full.push(asked);
    if (entry.kind !== 'place') return;
    asked.place = entry;
    this.holding.push(asked);
  }

  private async turn(): Promise<void> {
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }
}

/**
 * One target told plainly, by looking at everybody: of the users waiting who may go, those passed over first, then
 * the one whose last turn is longest ago; who gives the place back lets another go first, once a turn. Where the queue
 * is full, who has most waiting makes room for who has less.
 */
class Reference {
  readonly events: string[] = [];
  private tick = 0;
  private waiting: { id: number; user: string; until: number }[] = [];
  private readonly holding = new Map<number, string>();
  private readonly lastTurn = new Map<string, number>();
  private readonly yielded = new Set<string>();
  private readonly passedOver = new Set<string>();

  constructor(readonly options: Options) {}

  enter(id: number, who: string, now: number): void {
    if (this.hasPlace() && this.mayGo(who)) return this.admit(id, who);
    if (this.waiting.length >= this.options.size) {
      const over = this.overlong(who);
      if (over === undefined) return this.say(id, 'full');
      this.remove(over);
      this.say(over, 'full');
    }
    if (!this.waiting.some((other) => other.user === who)) this.lastTurn.set(who, this.tick++);
    this.waiting.push({ id, user: who, until: now + (this.options.timeoutMs || Infinity) });
    if (this.hasPlace()) this.passedOver.add(who);
  }

  /** The last to come of those whose users have most waiting, where that is more than `who` will have. */
  private overlong(who: string): number | undefined {
    const count = (each: string) => this.waiting.filter((other) => other.user === each).length;
    const most = Math.max(0, ...this.waiting.map((other) => count(other.user)));
    if (count(who) + 1 >= most) return undefined;
    return this.waiting.findLast((other) => count(other.user) === most)!.id;
  }

  release(id: number): void {
    const releaser = this.holding.get(id)!;
    this.holding.delete(id);
    while (this.hasPlace() && this.serveNext(releaser));
  }

  private serveNext(releaser: string): boolean {
    const users = [...new Set(this.waiting.map((other) => other.user))];
    const inTurn = users.toSorted((one, other) => this.lastTurn.get(one)! - this.lastTurn.get(other)!);
    const early = inTurn.find((each) => this.passedOver.has(each) && this.mayGo(each));
    if (early !== undefined) return this.serve(early);
    let polite: string | undefined;
    for (const each of inTurn.filter((other) => !this.passedOver.has(other))) {
      if (!this.mayGo(each)) this.passedOver.add(each);
      else if (each === releaser && polite === undefined && !this.yielded.has(each)) polite = each;
      else {
        if (polite !== undefined) this.yielded.add(polite);
        return this.serve(each);
      }
    }
    return polite !== undefined && this.serve(polite);
  }

  leave(id: number): void {
    this.remove(id);
    this.say(id, 'left');
  }

  pass(now: number): void {
    for (const { id } of this.waiting.filter(({ until }) => until <= now)) {
      this.remove(id);
      this.say(id, 'timeout');
    }
  }

  private serve(who: string): true {
    const { id } = this.waiting.find((other) => other.user === who)!;
    this.forget(who);
    this.lastTurn.set(who, this.tick++);
    this.remove(id);
    this.admit(id, who);
    return true;
  }

  private hasPlace = (): boolean => this.options.limit === 0 || this.holding.size < this.options.limit;

  private mayGo(user: string): boolean {
    const { perUser } = this.options;
    return perUser === 0 || [...this.holding.values()].filter((other) => other === user).length < perUser;
  }

  private admit(id: number, user: string): void {
    this.holding.set(id, user);
    this.say(id, 'place');
  }

  private remove(id: number): void {
    const { user } = this.waiting.find((other) => other.id === id)!;
    this.waiting = this.waiting.filter((other) => other.id !== id);
    if (!this.waiting.some((other) => other.user === user)) this.forget(user);
  }

  private forget(who: string): void {
    this.yielded.delete(who);
    this.passedOver.delete(who);
  }

  private say(id: number, kind: string): void {
    this.events.push(`${id} ${kind}`);
  }
}

function draw(dice: Dice, perUser: number): Options {
  return {
    limit: dice.pick([0, 1, 1, 2, 3, 5]),
    perUser,
    size: dice.pick([0, 1, 5, 20, 100]),
    timeoutMs: dice.pick([0, 0, 50, 500]),
  };
}

/** Some users ask much more than others. */
const user = (dice: Dice): string => `u${Math.min(dice.int(0, 7), dice.int(0, 7))}`;

describe.each(Array.from({ length: 150 }, (_, seed) => seed))('seed %d', (seed) => {
  test('one target decides as the reference does', async () => {
    const dice = new Dice(seed);
    const options = draw(dice, dice.pick([0, 0, 1, 2, 4]));
    const run = new Run([options], options.perUser);
    const reference = new Reference(options);
    for (let step = 0; step < 300; step++) {
      const what = dice.int(0, 9);
      if (what < 5) {
        const { id, user: who, at } = await run.enter(user(dice), 0);
        reference.enter(id, who, at);
      } else if (what < 8 && run.holding.length > 0) {
        const asked = dice.pick(run.holding);
        await run.release(asked);
        reference.release(asked.id);
      } else if (what === 8 && run.waiting.length > 0) {
        const asked = dice.pick(run.waiting);
        await run.abort(asked);
        reference.leave(asked.id);
      } else {
        await run.pass(dice.int(1, 20));
        reference.pass(run.time.now());
      }
      expect(run.events).toEqual(reference.events);
    }
  });

  test('several targets keep every promise', async () => {
    const dice = new Dice(seed + 10_000);
    const perUser = dice.pick([0, 1, 2, 3]);
    const run = new Run(
      Array.from({ length: dice.int(2, 3) }, () => draw(dice, perUser)),
      perUser,
    );
    for (let step = 0; step < 300; step++) {
      const what = dice.int(0, 9);
      if (what < 5) await run.enter(user(dice), dice.int(0, run.queues.length - 1));
      else if (what < 8 && run.holding.length > 0) await run.release(dice.pick(run.holding));
      else if (what === 8 && run.waiting.length > 0) await run.abort(dice.pick(run.waiting));
      else await run.pass(dice.int(1, 20));
      check(run, perUser);
    }
    await drain(run);
  });
});

const at = (list: readonly Asked[], target: number) => list.filter((asked) => asked.target === target);
const of = (list: readonly Asked[], who: string) => list.filter((asked) => asked.user === who);

/** What holds after every step. */
function check(run: Run, perUser: number): void {
  const full = run.full.splice(0);
  for (const [target, { limit, size, timeoutMs }] of run.options.entries()) {
    const queue = run.queues[target]!;
    const waiting = at(run.waiting, target);
    const holding = at(run.holding, target);
    expect([queue.active, queue.waiting]).toEqual([holding.length, waiting.length]);
    expect(waiting.length).toBeLessThanOrEqual(size);
    if (limit > 0) expect(holding.length).toBeLessThanOrEqual(limit);
    if (timeoutMs > 0) for (const asked of waiting) expect(run.time.now() - asked.at).toBeLessThan(timeoutMs);
    // Within a user, nobody overtakes.
    for (const asked of waiting) {
      const younger = of(holding, asked.user).filter(({ id }) => id > asked.id);
      expect(younger).toEqual([]);
    }
    // Nobody is refused while another has clearly more waiting.
    for (const asked of at(full, target)) {
      expect(waiting).toHaveLength(size);
      const own = of(waiting, asked.user).length;
      for (const { user: who } of waiting) expect(of(waiting, who).length).toBeLessThanOrEqual(own + 1);
    }
    // No place is lost: where one is free, whoever waits has all slots taken, or kept at a full target.
    if (limit > 0 && holding.length === limit) continue;
    for (const { user: who } of waiting)
      expect(takenOrKept(run, who)).toBeGreaterThanOrEqual(perUser || Infinity);
  }
  if (perUser === 0) return;
  for (const { user: who } of run.holding) expect(of(run.holding, who).length).toBeLessThanOrEqual(perUser);
}

/** The most slots a user can have: those of the places held, and one for each full target where they wait. */
function takenOrKept(run: Run, who: string): number {
  const kept = run.options.filter(
    ({ limit }, target) =>
      limit > 0 && at(run.holding, target).length === limit && of(at(run.waiting, target), who).length > 0,
  );
  return of(run.holding, who).length + kept.length;
}

/** As places come back, everyone who waits is served, and nothing remains. */
async function drain(run: Run): Promise<void> {
  const waited = [...run.waiting];
  while (run.holding.length > 0) await run.release(run.holding[0]!);
  expect(waited.filter(({ outcome }) => outcome !== 'place')).toEqual([]);
  expect(run.queues.map(({ active, waiting, waitingUsers }) => active + waiting + waitingUsers)).toEqual(
    run.queues.map(() => 0),
  );
  expect([run.users.users, run.time.pending]).toEqual([0, 0]);
}

test('no user starves, however busy the others and the user are elsewhere', async () => {
  const dice = new Dice(7);
  const options = { limit: 1, perUser: 1, size: 100, timeoutMs: 0 };
  const run = new Run([{ ...options, limit: 10 }, options], 1);
  await run.enter('x', 1);
  await run.enter('me', 0);
  const wanted = await run.enter('me', 1);
  // Everyone comes back at once, everywhere: there is always somebody else to serve.
  let releases = 0;
  while (wanted.outcome === undefined && releases < 200) {
    await run.enter('me', 0);
    if (run.waiting.length < 80) await run.enter(dice.pick(['x', 'y', 'z']), 1);
    await run.release(dice.pick(run.holding));
    releases++;
  }
  expect(wanted.outcome).toBe('place');
});
