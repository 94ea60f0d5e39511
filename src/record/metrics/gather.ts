import { definitions } from './definitions.ts';
import { type Part, type SharedLedger, withoutGauges } from './ledger.ts';
import { render } from './render.ts';
import type { Metrics } from './metrics.ts';

/** A worker that takes longer is left out, milliseconds. */
const PATIENCE_MS = 500;

/** What a worker tells another. */
interface Told extends Part {
  /** Which workers belong together: the same for all of one supervisor. */
  readonly server: string;
}

export interface WorkersOptions {
  /** The same for all workers of one server, and no other's: see {@link serverName}. */
  readonly server: string;
  /** The control sockets that are there, this process's own among them or not; empty where there is one process only. */
  sockets(): Promise<readonly string[]>;
  /** What outlives a worker; undefined where there is one process only. */
  readonly ledger?: SharedLedger | undefined;
  /** @default 500 */
  readonly patienceMs?: number;
}

/** The metrics of all workers of a server, by their control sockets. */
export class WorkersMetrics {
  /** What the control sockets serve as `/metrics`: this process's part. */
  readonly service = {
    name: 'metrics',
    handle: (): Response => Response.json(this.told()),
  };
  private readonly id = `${process.pid}-${crypto.randomUUID()}`;
  private turn = 0;
  private rendering: Promise<string> | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly options: WorkersOptions,
  ) {}

  /** All workers' numbers in Prometheus text. Whoever asks while it is made gets the same: scrapes can't pile up. */
  render(): Promise<string> {
    this.rendering ??= this.gather().finally(() => {
      this.rendering = undefined;
    });
    return this.rendering;
  }

  private async gather(): Promise<string> {
    // A folder that can't be read hides the others, and not this one.
    const sockets = await this.options.sockets().catch(() => []);
    const answers = await Promise.all(sockets.map((socket) => this.ask(socket)));
    const byId = new Map<string, Part>();
    for (const answer of answers) {
      if (answer && answer !== 'late' && answer.server === this.options.server) byId.set(answer.id, answer);
    }
    byId.set(this.id, this.told());
    const parts = [...byId.values()];
    const others = await this.others(parts);
    const late = answers.filter((answer) => answer === 'late').length;
    const missing = { name: definitions.unanswered.name, series: [{ labels: [], values: [late] }] };
    return render([...parts, ...others].map(({ snapshot }) => snapshot).concat([[missing]]));
  }

  /** What those had counted that did not answer. Asked before anybody is told: what was told once must not be forgotten. */
  private async others(parts: readonly Part[]): Promise<readonly Part[]> {
    const known = await this.options.ledger?.exchange(parts.map(withoutGauges));
    return known ? known.map(withoutGauges) : [];
  }

  /** @returns undefined when nobody is there, or it is no worker with metrics */
  private async ask(socket: string): Promise<Told | 'late' | undefined> {
    const { patienceMs = PATIENCE_MS } = this.options;
    let response: Response;
    try {
      response = await fetch('http://aifd/metrics', {
        unix: socket,
        signal: AbortSignal.timeout(patienceMs),
      });
      if (!response.ok) return undefined;
      return asTold(await response.json());
    } catch (error) {
      return isGone(error) ? undefined : 'late';
    }
  }

  private told(): Told {
    const { server } = this.options;
    return { server, id: this.id, turn: ++this.turn, snapshot: this.metrics.snapshot() };
  }
}

/** Nobody listens on the socket any more. */
function isGone(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    code === 'ECONNREFUSED' ||
    code === 'ENOENT' ||
    code === 'ConnectionRefused' ||
    code === 'FailedToOpenSocket'
  );
}

function asTold(value: unknown): Told | undefined {
  const { server, id, turn = 0, snapshot } = (value ?? {}) as Partial<Told>;
  if (typeof server !== 'string' || typeof id !== 'string' || !Array.isArray(snapshot)) return undefined;
  const isWhole = snapshot.every((family) => {
    return (
      typeof family?.name === 'string' &&
      Array.isArray(family.series) &&
      family.series.every((one: unknown) => {
        const { labels, values } = (one ?? {}) as { labels?: unknown; values?: unknown };
        return Array.isArray(labels) && Array.isArray(values);
      })
    );
  });
  return isWhole ? { server, id, turn: Number(turn) || 0, snapshot } : undefined;
}
