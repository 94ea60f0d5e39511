import { WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import type { IncomingBody } from '../upstream/wire/incoming.ts';
import type { Answer, ClientWatch } from '../upstream/wire/types.ts';
import { Broadcast, wholeBody } from './broadcast.ts';

type Outcome = Answer | WireFailure;

/** What one of those who fly gets. */
export interface Flown {
  /** Its own: head and body can be changed and read without the others noticing. The body is to be streamed or discarded. */
  readonly outcome: Outcome;
  /** Somebody else's request went upstream, not this one. */
  readonly collapsed: boolean;
  /** The client whose request went upstream. */
  readonly leader: ClientWatch;
}

/** Asks the upstream, for as long as `client` is there. */
export type Ask = (client: ClientWatch) => Promise<Outcome>;

/** Keeps an answer, whole, of whatever status: called in the turn in which it becomes impossible to join. Must not throw. */
export type Keep = (head: ResponseHead, whole: Uint8Array) => void;

/** Requests under way: those that are the same share one exchange with the upstream. */
export class Flights {
  private readonly flights = new Map<string, Flight>();

  /** @param mostKept - bytes of a body that are kept, for those who come late and for `keep` */
  constructor(private readonly mostKept: number) {}

  /** Flights that can be joined. */
  get size(): number {
    return this.flights.size;
  }

  /**
   * Joins the flight of that key, or leads one: then `ask` is called. It ends when the upstream has, or when the last
   * of its clients has left. What `ask` throws, all get.
   * @param keep - the leader's is told of a body that came whole and was not too large, unless all had left
   */
  fly(key: string, client: ClientWatch, ask: Ask, keep: Keep): Promise<Flown> {
    const underWay = this.flights.get(key);
    if (underWay) return underWay.join(client, ask);
    const flight = new Flight(this.mostKept, keep, () => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight.lead(client, ask);
  }
}

/** One who flies along. */
interface Seat {
  readonly client: ClientWatch;
  readonly ask: Ask;
  readonly collapsed: boolean;
  /** Its client's signal is listened to. */
  watched: boolean;
  /** Its body, while that comes. */
  body: IncomingBody | undefined;
  readonly resolve: (flown: Flown) => void;
  readonly reject: (error: unknown) => void;
}

/** One exchange with the upstream and all who share it; as a {@link ClientWatch}, a client that leaves when all have. */
class Flight implements ClientWatch {
  /** Those without an answer, in the order in which they came; and all whose leaving matters. Mostly one: a Set costs more. */
  private leader!: ClientWatch;
  private waiting: Seat[] = [];
  private present: Seat[] = [];
  private controller: AbortController | undefined;
  private head: ResponseHead | undefined;
  private broadcast: Broadcast | undefined;
  private closed = false;

  /** @param close - takes it from the flights that can be joined */
  constructor(
    private readonly mostKept: number,
    private readonly keep: Keep,
    private readonly close: () => void,
  ) {}

  /** Late, as the wire asks for it: until then nobody's signal is made. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      // Of a copy: one that has left already goes at once.
      for (const seat of this.present.slice()) this.watch(seat);
    }
    return this.controller.signal;
  }

  lead(client: ClientWatch, ask: Ask): Promise<Flown> {
    this.leader = client;
    const flown = this.board(client, ask, false);
    try {
      ask(this).then(
        (outcome) => this.landed(outcome),
        (error) => this.crashed(error),
      );
    } catch (error) {
      this.crashed(error);
    }
    return flown;
  }

  join(client: ClientWatch, ask: Ask): Promise<Flown> {
    return this.board(client, ask, true);
  }

  private board(client: ClientWatch, ask: Ask, collapsed: boolean): Promise<Flown> {
    return new Promise((resolve, reject) => {
      const seat: Seat = { client, ask, collapsed, watched: false, body: undefined, resolve, reject };
      this.present.push(seat);
      if (this.broadcast) this.admit(seat, this.broadcast);
      else this.waiting.push(seat);
      if (this.controller) this.watch(seat);
    });
  }

  // How it goes.

  private landed(outcome: Outcome): void {
    if (outcome instanceof WireFailure) return this.settle(() => outcome);
    if (this.waiting.length === 0) return letGo(outcome);
    if (outcome.upgraded) return this.upgraded(outcome);
    this.head = outcome.head;
    const whole = outcome.body.whole();
    if (!whole) return this.share(outcome);
    this.settle(() => answerOf(outcome.head, wholeBody(whole)));
    if (whole.length <= this.mostKept) this.keep(outcome.head, whole);
  }

  private crashed(error: unknown): void {
    this.shut();
    for (const seat of this.seats()) seat.reject(error);
  }

  /** A connection of its own can't be shared: the others ask for themselves. */
  private upgraded(outcome: Answer): void {
    this.shut();
    let given = false;
    for (const { collapsed, client, ask, resolve, reject } of this.seats()) {
      if (!collapsed) {
        given = true;
        resolve({ outcome, collapsed, leader: client });
      } else {
        (async () => ask(client))().then(
          (own) => resolve({ outcome: own, collapsed: false, leader: client }),
          reject,
        );
      }
    }
    if (!given) letGo(outcome);
  }

  /** The body is still coming. */
  private share({ body }: Answer): void {
    const broadcast = (this.broadcast = new Broadcast(this.mostKept, {
      onFull: () => this.closeDoor(),
      onEnd: (whole) => {
        if (whole) this.keep(this.head!, whole);
        this.shut();
      },
      onDeserted: () => {
        this.desert();
        body.discard();
      },
    }));
    // All of them before the first byte: it may be cut already, and one that leaves at once is not the last.
    for (const seat of this.seats()) this.admit(seat, broadcast);
    broadcast.feed(body);
  }

  private admit(seat: Seat, broadcast: Broadcast): void {
    seat.body = broadcast.join(() => drop(this.present, seat));
    this.give(seat, answerOf(this.head!, seat.body));
  }

  /** @param outcome - makes one for each */
  private settle(outcome: () => Outcome): void {
    this.shut();
    for (const seat of this.seats()) this.give(seat, outcome());
  }

  private give({ collapsed, resolve }: Seat, outcome: Outcome): void {
    resolve({ outcome, collapsed, leader: this.leader });
  }

  /** Those who wait, who from now on do no more. */
  private seats(): Seat[] {
    const seats = this.waiting;
    this.waiting = [];
    return seats;
  }

  // How they leave.

  private watch(seat: Seat): void {
    if (seat.watched) return;
    seat.watched = true;
    const { signal } = seat.client;
    if (signal.aborted) this.leave(seat);
    else signal.addEventListener('abort', () => this.leave(seat), { once: true });
  }

  private leave(seat: Seat): void {
    if (!drop(this.waiting, seat)) return seat.body?.discard();
    drop(this.present, seat);
    const outcome = new WireFailure('aborted', 'the client left');
    this.give(seat, outcome);
    if (this.waiting.length === 0) this.desert();
  }

  /** All have left. */
  private desert(): void {
    this.shut();
    this.controller?.abort();
  }

  /** It is over, for this side. */
  private shut(): void {
    this.closeDoor();
    this.present = [];
  }

  /** Once: a later flight may have the same key. */
  private closeDoor(): void {
    if (this.closed) return;
    this.closed = true;
    this.close();
  }
}

/** @returns whether it was there */
function drop(seats: Seat[], seat: Seat): boolean {
  const at = seats.indexOf(seat);
  if (at >= 0) seats.splice(at, 1);
  return at >= 0;
}

/** An answer that nobody waits for. */
function letGo({ upgraded, body }: Answer): void {
  if (upgraded) upgraded.cancel();
  else body.discard();
}

/** Each gets header fields of its own: they are stamped later, and differently. */
function answerOf(head: ResponseHead, body: IncomingBody): Answer {
  return { head: { ...head, headers: [...head.headers] }, body, upgraded: undefined };
}
