import type { Exchange } from '../exchange.ts';
import type { WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import type { BodyListener } from '../upstream/wire/incoming.ts';
import type { End, Outcome } from '../../record/happening.ts';

/** How an answer's body ended, by what cut it short. */
export function endOf(failure: WireFailure | undefined): End {
  if (failure === undefined) return 'whole';
  return failure.kind === 'aborted' ? 'left' : 'cut';
}

/** One exchange on its way out of which only the end counts: a {@link Watch} that sees nothing of the body. */
export class Tally implements BodyListener {
  constructor(
    private readonly exchange: Exchange,
    private readonly head: ResponseHead,
    private readonly user: string,
    private readonly done: (outcome: Outcome) => void,
  ) {}

  chunk(): void {}

  end(failure: WireFailure | undefined): void {
    const { cache, started, destination } = this.exchange;
    this.done({
      status: this.head.status,
      end: endOf(failure),
      cache,
      usage: undefined,
      durationMs: performance.now() - started,
      user: this.user,
      target: destination.upstream.target.name,
    });
  }
}
