import { type Flown, Flights } from '../../src/gateway/cache/flights.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import type { ResponseHead } from '../../src/gateway/upstream/wire/head.ts';
import type { Answer, ClientWatch } from '../../src/gateway/upstream/wire/types.ts';
import { wholeBody } from '../../src/gateway/cache/broadcast.ts';
import { Sink, Source } from './broadcast-source.ts';

/** A client, and whether anybody asked for its signal, which costs. */
export class Client implements ClientWatch {
  asked = 0;
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    this.asked++;
    return this.controller.signal;
  }
  leave(): void {
    this.controller.abort();
  }
}

export const headOf = (status = 200): ResponseHead => ({
  status,
  headers: [['content-type', 'application/json']],
  framing: { kind: 'chunked' },
  keepAlive: true,
  keepAliveSeconds: undefined,
  upgrade: false,
});

/** One exchange with an upstream that answers what the test says. */
export class Asking {
  readonly source = new Source();
  private readonly answered = Promise.withResolvers<Answer | WireFailure>();

  constructor(readonly client: ClientWatch) {}

  get outcome(): Promise<Answer | WireFailure> {
    return this.answered.promise;
  }
  /** The wire looks, as it does every 50 ms, and fails when the client has left. */
  watch(): AbortSignal {
    const { signal } = this.client;
    const left = (): void => {
      this.answered.resolve(new WireFailure('aborted', 'the client left'));
      this.source.cancel();
    };
    if (signal.aborted) left();
    else signal.addEventListener('abort', left);
    return signal;
  }
  head(status = 200): void {
    this.answered.resolve({ head: headOf(status), body: this.source.body, upgraded: undefined });
  }
  whole(text: string, status = 200): void {
    const body = wholeBody(Buffer.from(text));
    this.answered.resolve({ head: headOf(status), body, upgraded: undefined });
  }
  upgrade(connection: Answer['upgraded']): void {
    this.answered.resolve({ head: headOf(101), body: this.source.body, upgraded: connection });
  }
  fail(failure: WireFailure): void {
    this.answered.resolve(failure);
    this.source.body.fail(failure);
  }
  crash(error: Error): void {
    this.answered.reject(error);
  }
}

/** Flights to an upstream that the test plays. */
export function airport(mostKept = 1000) {
  const flights = new Flights(mostKept);
  const asked: Asking[] = [];
  const kept: string[] = [];
  const ask = (watch: ClientWatch): Promise<Answer | WireFailure> => {
    const asking = new Asking(watch);
    asked.push(asking);
    return asking.outcome;
  };
  return {
    flights,
    asked,
    kept,
    fly(client: ClientWatch = new Client(), key = 'key'): Promise<Flown> {
      return flights.fly(key, client, ask, (_, whole) => void kept.push(Buffer.from(whole).toString()));
    },
  };
}

export function answerIn({ outcome }: Flown): Answer {
  if (outcome instanceof WireFailure) throw outcome;
  return outcome;
}

/** Starts to read the body. */
export const reading = (flown: Flown): Sink => new Sink(answerIn(flown).body).start();
