import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, checkHit, firstAnswer } from './contenders/check.ts';
import type { Contender, Running } from './contenders/contender.ts';
import { stopContender } from './contenders/index.ts';
import { LoadProcess } from './load/process.ts';
import { residentBytes } from './measure/memory.ts';
import { anywhere, move } from './measure/placement.ts';
import type { Placement } from './measure/placement.ts';
import { freePort, start, untilListening } from './measure/processes.ts';
import type { Plan } from './plan.ts';
import { derived } from './report/derive.ts';
import { medians, spreads } from './report/result.ts';
import type { Failure, MeasuredRow, Sample } from './report/result.ts';
import { measure, warmUp } from './scenarios/measure.ts';
import type { Bench } from './scenarios/measure.ts';
import type { Capacity, Scenario } from './scenarios/scenario.ts';

/** Percent of one processor, used by others, above which a measure counts as disturbed. */
const DISTURBED = 15;

/** A contender that was checked and is warm. */
interface Ready {
  running: Running;
  capacity: Capacity;
}

/** The rounds of a run: fresh processes each, every scenario on every contender in turn. */
export class Rounds {
  /** Runs with an answer that was not right: they have no figures, and fail the bench at its end. */
  readonly failures: Failure[] = [];
  /** By scenario: its runs, in their order. */
  readonly #runs = new Map<string, Map<string, Sample>[]>();

  /** @param note says what is being measured */
  constructor(
    private readonly plan: Plan,
    private readonly note: (text: string) => void,
  ) {}

  async run(): Promise<void> {
    for (let round = 0; round < this.plan.rounds; round++) await this.#round(round);
  }

  /** What was measured, in the order of scenarios and contenders. */
  rows(): MeasuredRow[] {
    return this.plan.scenarios.flatMap(({ id, title, group, addsLatency }) => {
      const runs = this.#runs.get(id) ?? [];
      return this.plan.contenders.flatMap(({ name, features }) => {
        const rounds = runs.filter((run) => run.has(name)).map((run) => derived(name, run, addsLatency));
        if (rounds.length === 0) return [];
        const row = { scenario: id, title, group, contender: name, features };
        return [{ ...row, median: medians(rounds), spread: spreads(rounds), rounds }];
      });
    });
  }

  async #round(round: number): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'aifd-bench-'));
    const { placement } = this.plan;
    const port = freePort();
    const command = [process.execPath, join(import.meta.dir, 'upstream/main.ts'), String(port)];
    const upstream = start(command, { log: join(folder, 'upstream.log'), cores: placement.upstream });
    const bench: Bench = { load: new LoadProcess(placement.load), upstreamPid: upstream.pid };
    const running: Running[] = [];
    try {
      await untilListening(port, 'the mock upstream');
      await this.#startAll(running, port, folder, round);
      const ready = await this.#warmUpAll(running, bench, round);
      // Every other round goes backwards, so that being first is nobody's privilege.
      const order = round % 2 === 0 ? ready : ready.toReversed();
      for (const scenario of this.plan.scenarios.filter(({ rounds }) => round < rounds))
        for (let i = 0; i < scenario.repeats; i++) await this.#scenario(scenario, order, bench, round);
    } finally {
      for (const one of running) await stopContender(one);
      await bench.load.stop();
      await upstream.stop();
      await rm(folder, { recursive: true });
    }
  }

  /** Starts one after another, each alone; who can't has no figures in this round. */
  async #startAll(running: Running[], upstream: number, folder: string, round: number): Promise<void> {
    const { placement } = this.plan;
    const run = this.#newRun('start');
    for (const contender of this.plan.contenders) {
      this.#say(round, 'start', contender);
      const began = performance.now();
      try {
        const cores = contender.isSeveral ? placement.several : placement.contender;
        const one = await contender.start({ upstream, folder, cores });
        running.push(one);
        await firstAnswer(one);
        const ms = performance.now() - began;
        if (one.child) run.set(contender.name, { start: ms, rssAtRest: residentBytes(one.child.pid) / 1e6 });
      } catch (error) {
        this.#fail('start', contender, error);
      }
    }
  }

  async #warmUpAll(running: readonly Running[], bench: Bench, round: number): Promise<Ready[]> {
    const ready: Ready[] = [];
    for (const one of running) {
      this.#say(round, 'check and warm-up', one.contender);
      try {
        await check(one);
        ready.push({ running: one, capacity: await warmUp(one, bench, this.plan.share) });
      } catch (error) {
        this.#fail('warm-up', one.contender, error);
      }
    }
    return ready;
  }

  async #scenario(scenario: Scenario, ready: readonly Ready[], bench: Bench, round: number): Promise<void> {
    const { among, work, id, title, isUnplaced, areHits } = scenario;
    if (!work) return;
    const { placement, share } = this.plan;
    const run = this.#newRun(id);
    const all = ready.map(({ running }) => running);
    if (isUnplaced) place(anywhere, bench, all);
    for (const { running, capacity } of ready) {
      if (!among(running.contender)) continue;
      this.#say(round, title, running.contender);
      try {
        const given = work(capacity, share);
        if (areHits && running.contender.caches) await checkHit(running, given.question);
        run.set(running.contender.name, await calmly(() => measure(running, given, bench)));
      } catch (error) {
        this.#fail(id, running.contender, error);
      }
    }
    if (isUnplaced) place(placement, bench, all);
  }

  #newRun(scenario: string): Map<string, Sample> {
    const run = new Map<string, Sample>();
    this.#runs.getOrInsertComputed(scenario, () => []).push(run);
    return run;
  }

  #say(round: number, what: string, { name }: Contender): void {
    this.note(`round ${round + 1} of ${this.plan.rounds}: ${what}: ${name}`);
  }

  #fail(scenario: string, { name }: Contender, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    this.failures.push({ scenario, contender: name, problem });
  }
}

/** Measures again, once, what something else on the machine disturbed, and keeps the calmer of both. */
async function calmly(measured: () => Promise<Sample>): Promise<Sample> {
  const first = await measured();
  if (othersOf(first) <= DISTURBED) return first;
  const second = await measured();
  return othersOf(second) < othersOf(first) ? second : first;
}

const othersOf = ({ others = 0 }: Sample): number => others;

function place(to: Placement, { load, upstreamPid }: Bench, running: readonly Running[]): void {
  move(load.pid, to.load);
  move(upstreamPid, to.upstream);
  for (const { child, contender } of running)
    if (child) move(child.pid, contender.isSeveral ? to.several : to.contender);
}
