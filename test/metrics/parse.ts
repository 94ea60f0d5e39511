/** One line of Prometheus text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus text, and fails on what Prometheus would not take: a bad line, a series twice. */
export function parseMetrics(text: string): Sample[] {
  const seen = new Set<string>();
  const samples: Sample[] = [];
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) [a-z_]+ /.test(line)) continue;
    const [, name, inside = '', number] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`no sample: ${line}`);
    const pairs = [...inside.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
    if (pairs.map(([whole]) => whole).join('') !== inside) throw new Error(`no labels: ${inside}`);
    const labels = Object.fromEntries(pairs.map(([, label, value]) => [label, unescaped(value!)]));
    const key = `${name}${JSON.stringify(Object.entries(labels).toSorted())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    const value = number === '+Inf' ? Infinity : Number(number);
    if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
    samples.push({ name, labels, value });
  }
  return samples;
}

/** The sum of the samples of that name that have these labels. */
export function sum(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  let all = 0;
  for (const sample of samples) {
    if (sample.name !== name) continue;
    if (Object.entries(labels).every(([label, value]) => sample.labels[label] === value)) all += sample.value;
  }
  return all;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
