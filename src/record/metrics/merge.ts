import { type Definition, definitions } from './definitions.ts';
import { type FamilySnapshot, type SeriesSnapshot, toMicros } from './family.ts';

const known: ReadonlyMap<string, Definition> = new Map(
  Object.values<Definition>(definitions).map((definition) => [definition.name, definition]),
);

/**
 * The numbers of some processes as one, by the metric's name. What does not look like a metric of ours, as of a process
 * of another version, is left out.
 */
export function merged(
  snapshots: readonly (readonly FamilySnapshot[])[],
): Map<string, readonly SeriesSnapshot[]> {
  const sums = new Map<string, Map<string, { labels: readonly string[]; values: number[] }>>();
  for (const { name, series } of snapshots.flat()) {
    const definition = known.get(name);
    if (!definition) continue;
    let family = sums.get(name);
    if (!family) sums.set(name, (family = new Map()));
    for (const { labels, values } of series) {
      if (!fits(definition, labels, values)) continue;
      const key = labels.join('\0');
      const sum = family.get(key);
      if (!sum) family.set(key, { labels, values: [...values] });
      else
        for (const [i, value] of values.entries())
          sum.values[i] = together(definition, sum.values[i]!, value);
    }
  }
  return new Map([...sums].map(([name, family]) => [name, [...family.values()]]));
}

function together({ across }: Definition, a: number, b: number): number {
  return across === 'min' ? Math.min(a, b) : toMicros(a + b);
}

function fits(definition: Definition, labels: readonly string[], values: readonly number[]): boolean {
  const size = definition.type === 'histogram' ? (definition.buckets?.length ?? 0) + 2 : 1;
  return (
    labels.length === definition.labels.length &&
    labels.every((label) => typeof label === 'string') &&
    values.length === size &&
    values.every((value) => Number.isFinite(value))
  );
}
