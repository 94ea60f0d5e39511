/**
 * What each stage of the request path costs: `bun run bench:stages [name …] [--json FILE]`. For finding what a change cost,
 * in seconds and on one core; what a client sees is measured by `bun run bench`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from 'mitata';
import manifest from '../../package.json' with { type: 'json' };
import { admit } from './admit.ts';
import { body } from './body.ts';
import { chunked } from './chunked.ts';
import { entries } from './entries.ts';
import { gateway } from './gateway.ts';
import { keepable } from './keepable.ts';
import { limits } from './limits.ts';
import { question } from './question.ts';
import { record } from './record.ts';
import { replay } from './replay.ts';
import { requestHead } from './request-head.ts';
import { responseHead } from './response-head.ts';
import type { Case, OpenStage } from './stage.ts';
import { usage } from './usage.ts';

/** In the order of a request's way. */
const stages: Record<string, OpenStage> = {
  admit,
  body,
  limits,
  question,
  'request-head': requestHead,
  'response-head': responseHead,
  chunked,
  usage,
  keepable,
  entries,
  replay,
  record,
  gateway,
};

/** Long enough that a case is compiled and its median stands, short enough that all take less than a minute. */
const MEASURED_NS = 250e6;

/** Nanoseconds of one of what the case does. */
interface Figure {
  stage: string;
  name: string;
  p50: number;
  min: number;
  p99: number;
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !(name in stages));
if (unknown.length > 0) {
  console.error(`no stage ${unknown.join(', ')}; there are ${Object.keys(stages).join(', ')}`);
  process.exit(2);
}

const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 10) / 10 : value;
const figures: Figure[] = [];
for (const [name, open] of Object.entries(stages)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  await measureStage(name, open);
}
if (values.json !== undefined) await save(values.json);
process.exit(0);

async function measureStage(stage: string, open: OpenStage): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aifd-stage-'));
  try {
    const { cases, close } = await open(folder);
    console.log(`\n${stage.padEnd(44)}${['median', 'least', 'p99'].map((one) => one.padStart(11)).join('')}`);
    for (const one of cases) {
      const figure = await measured(stage, one);
      figures.push(figure);
      const { p50, min, p99 } = figure;
      console.log(`  ${one.name.padEnd(42)}${[p50, min, p99].map((ns) => time(ns).padStart(11)).join('')}`);
    }
    await close?.();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(stage: string, { name, run, per = 1 }: Case): Promise<Figure> {
  const { p50, min, p99 } = await measure(run, { min_cpu_time: MEASURED_NS });
  return { stage, name, p50: p50 / per, min: min / per, p99: p99 / per };
}

function time(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
}

async function save(file: string): Promise<void> {
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
  const versions = { aifd: manifest.version, bun: Bun.version };
  const result = { date: new Date().toISOString(), machine, versions, unit: 'ns', figures };
  await Bun.write(file, `${JSON.stringify(result, rounded, 2)}\n`);
}
