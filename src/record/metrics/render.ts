import { type Definition, definitions } from './definitions.ts';
import type { FamilySnapshot } from './family.ts';
import { merged } from './merge.ts';

/** The media type of what {@link render} gives. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** After so many series others have their turn. */
const LONG = 50;

/** A value as the client library takes it. */
interface Value {
  readonly metricName?: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/**
 * The numbers of some processes as one, in Prometheus text. The client library is loaded at the first call.
 * @param snapshots - one a process
 */
export async function render(snapshots: readonly (readonly FamilySnapshot[])[]): Promise<string> {
  const { AggregatorRegistry } = await import('prom-client');
  const sums = merged(snapshots);
  const texts: string[] = [];
  for (const definition of Object.values<Definition>(definitions)) {
    const { name, help, type } = definition;
    const series = sums.get(name) ?? [];
    const values = series.flatMap((one) => valuesOf(definition, one.labels, one.values));
    texts.push(
      await AggregatorRegistry.aggregate([[{ name, help, type, values, aggregator: 'sum' }]]).metrics(),
    );
    // Thousands of series take their time: the requests of this process must not wait for all of them.
    if (series.length > LONG) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return texts.join('\n');
}

function valuesOf(definition: Definition, texts: readonly string[], numbers: readonly number[]): Value[] {
  const labels = Object.fromEntries(definition.labels.map((label, i) => [label, texts[i]!]));
  if (definition.type !== 'histogram') return [{ labels, value: numbers[0]! }];
  const { name, buckets = [] } = definition;
  const values: Value[] = [];
  let count = 0;
  for (const [i, le] of [...buckets, '+Inf'].entries()) {
    count += numbers[i]!;
    values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count });
  }
  values.push({ metricName: `${name}_sum`, labels, value: numbers.at(-1)! });
  values.push({ metricName: `${name}_count`, labels, value: count });
  return values;
}
