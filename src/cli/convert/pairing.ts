import type { Half } from './conversation.ts';
import { type Place, Spill } from './spill.ts';

/** Characters of halves that wait in memory for the other one. */
const MOST_WAITING = 16 * 1024 * 1024;

/** So many wait at most where requests and answers alternate: for those no copies are made. */
const FEW = 8;

interface Waiting {
  readonly half: Half;
  readonly place: Place;
  answer?: Half;
}

export interface Unpaired {
  readonly requests: number;
  readonly answers: number;
}

/**
 * Joins requests and answers by their uid, in the order of the requests. Halves that are further apart than what may wait go by
 * their places through files, and their pairs come at the end.
 */
export class Pairing {
  private queue: Waiting[] = [];
  private head = 0;
  private readonly requests = new Map<string, Waiting>();
  private readonly answers = new Map<string, Waiting>();
  private waiting = 0;
  private readonly spill = new Spill();

  /**
   * @param emit - takes a pair
   * @param again - reads a half once more
   */
  constructor(
    private readonly emit: (request: Half, answer: Half) => void,
    private readonly again: (place: Place) => Half,
    private readonly mostWaiting = MOST_WAITING,
  ) {}

  add(half: Half, place: Place): void {
    const isLong = this.queue.length - this.head > FEW || this.answers.size > FEW;
    const kept = isLong ? { ...half, uid: flat(half.uid), members: flat(half.members) } : half;
    if (half.kind === 'request') this.request({ half: kept, place });
    else this.answer({ half: kept, place });
    this.waiting += half.members.length;
    this.drain();
    while (this.waiting > this.mostWaiting) this.evict();
  }

  /** Pairs what is left, and counts what has no other half. @param flush - waits until there is room for more pairs */
  async finish(flush: () => Promise<void>): Promise<Unpaired> {
    if (!this.spill.isUsed) {
      let requests = 0;
      for (const one of this.queue.slice(this.head)) {
        if (one.answer) this.emit(one.half, one.answer);
        else requests++;
      }
      return { requests, answers: this.answers.size };
    }
    while (this.head < this.queue.length) this.evictRequest();
    for (const one of this.answers.values()) this.spill.add(one.half, one.place);
    return this.spill.join(async (request, answer) => {
      this.emit(this.again(request), this.again(answer));
      await flush();
    });
  }

  close(): void {
    this.spill.close();
  }

  private request(one: Waiting): void {
    this.queue.push(one);
    const answer = this.answers.get(one.half.uid);
    if (answer) {
      one.answer = answer.half;
      this.answers.delete(one.half.uid);
      return;
    }
    this.requests.set(one.half.uid, one);
  }

  private answer(one: Waiting): void {
    const request = this.requests.get(one.half.uid);
    if (request) {
      request.answer = one.half;
      this.requests.delete(one.half.uid);
      return;
    }
    const before = this.answers.get(one.half.uid);
    if (before) this.waiting -= before.half.members.length;
    this.answers.set(one.half.uid, one);
  }

  private drain(): void {
    for (let one = this.queue[this.head]; one?.answer; one = this.queue[this.head]) this.emitHead(one);
  }

  private emitHead({ half, answer }: Waiting): void {
    this.step(half.members.length + answer!.members.length);
    this.emit(half, answer!);
  }

  private step(size: number): void {
    this.waiting -= size;
    this.head++;
    // Not each time: it costs the length of the queue.
    if (this.head < 1024 || this.head * 2 < this.queue.length) return;
    this.queue = this.queue.slice(this.head);
    this.head = 0;
  }

  private evict(): void {
    if (this.head < this.queue.length) return this.evictRequest();
    const [oldest] = this.answers.values();
    this.answers.delete(oldest!.half.uid);
    this.waiting -= oldest!.half.members.length;
    this.spill.add(oldest!.half, oldest!.place);
  }

  private evictRequest(): void {
    const one = this.queue[this.head]!;
    if (one.answer) return this.emitHead(one);
    if (this.requests.get(one.half.uid) === one) this.requests.delete(one.half.uid);
    this.step(one.half.members.length);
    this.spill.add(one.half, one.place);
  }
}

/** A copy that does not hold the line it was cut from, nor the pieces it was joined from. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}
