import { type Definition, definitions } from './definitions.ts';
import type { FamilySnapshot, SeriesSnapshot } from './family.ts';
import { merged } from './merge.ts';
import { OTHER } from './names.ts';

/** What one process has counted. */
export interface Part {
  /** Of the process, for its life: its process id, a dash, and something that no other has. */
  readonly id: string;
  /** Rises with each that it tells. */
  readonly turn: number;
  readonly snapshot: readonly FamilySnapshot[];
}

/** Where workers leave what they know of each other, so that it outlives them. */
export interface SharedLedger {
  /**
   * @param parts - what who asks knows
   * @returns what is known of all others, the dead among them
   */
  exchange(parts: readonly Part[]): Promise<readonly Part[]>;
}

/** Dead processes that are held apart: of a later one's word that comes late is known whose it is. */
const MOST_APART = 8;
/** Series of the dead, of one metric: what more there are is one. */
const MOST_SERIES = 4_000;

const gauges: ReadonlySet<string> = new Set(
  Object.values<Definition>(definitions)
    .filter(({ type }) => type === 'gauge')
    .map(({ name }) => name),
);

/** What goes on counting when its process is gone. */
export function withoutGauges({ id, turn, snapshot }: Part): Part {
  return { id, turn, snapshot: snapshot.filter(({ name }) => !gauges.has(name)) };
}

/**
 * What workers have counted, in their supervisor. Sums over workers must never fall, or Prometheus takes it for a restart and
 * counts all of it again: so the counters of a worker that is gone stay, as they were when it was last asked.
 */
export class Ledger {
  private readonly parts = new Map<string, Part>();
  private readonly dead = new Set<string>();
  /** Those of the longest dead, added up. */
  private buried: Part = { id: 'buried', turn: 0, snapshot: [] };
  private readonly buriedIds = new Set<string>();

  /** As {@link SharedLedger.exchange}. */
  exchange(parts: readonly Part[]): Part[] {
    for (const part of parts) this.note(part);
    const known = new Set(parts.map(({ id }) => id));
    const others = [...this.parts.values()].filter(({ id }) => !known.has(id));
    return this.buried.snapshot.length > 0 ? [...others, this.buried] : others;
  }

  /** A process is gone. */
  ended(pid: number): void {
    for (const id of this.parts.keys()) if (id.startsWith(`${pid}-`)) this.dead.add(id);
    for (const id of this.dead) {
      if (this.dead.size <= MOST_APART) return;
      this.bury(id);
    }
  }

  private note(part: Part): void {
    if (this.buriedIds.has(part.id)) return;
    const before = this.parts.get(part.id);
    if (!before || before.turn < part.turn) this.parts.set(part.id, withoutGauges(part));
  }

  private bury(id: string): void {
    const { snapshot } = this.parts.get(id)!;
    const sums = merged([this.buried.snapshot, snapshot]);
    const all = [...sums].map(([name, series]) => ({ name, series: bounded(series) }));
    this.buried = { ...this.buried, snapshot: all };
    this.parts.delete(id);
    this.dead.delete(id);
    this.buriedIds.add(id);
    for (const oldest of this.buriedIds) {
      if (this.buriedIds.size <= 1_000) return;
      this.buriedIds.delete(oldest);
    }
  }
}

function bounded(series: readonly SeriesSnapshot[]): SeriesSnapshot[] {
  const own = series.slice(0, MOST_SERIES);
  const rest = series.slice(MOST_SERIES);
  // Two of a name are added up when they are told.
  return [...own, ...rest.map(({ labels, values }) => ({ labels: labels.map(() => OTHER), values }))];
}
