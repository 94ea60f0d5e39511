import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './contenders/check.ts';
import type { Running } from './contenders/contender.ts';
import { startContenders, stopContenders } from './contenders/index.ts';
import { freePort, start, untilListening } from './measure/processes.ts';
import type { Plan } from './plan.ts';
import { medians, spreads } from './report/result.ts';
import type { Failure, Row, Sample } from './report/result.ts';
import { measure, warmUp } from './scenarios/index.ts';
import type { Scenario } from './scenarios/index.ts';

/** The rounds of a run: fresh processes each, every scenario on every contender in turn. */
export class Rounds {
  /** Runs with an answer that was not whole: they have no figures, and fail the bench at its end. */
  readonly failures: Failure[] = [];
  readonly #samples = new Map<Scenario, Map<string, Sample[]>>();

  /** @param note says what is being measured */
  constructor(
    private readonly plan: Plan,
    private readonly note: (text: string) => void,
  ) {}

  async run(): Promise<void> {
    for (let round = 0; round < this.plan.rounds; round++) await this.#round(round);
  }

  /** What was measured, in the order of scenarios and contenders. */
  rows(): Row[] {
    return this.plan.scenarios.flatMap((scenario) =>
      this.plan.contenders.flatMap(({ name, features }) => {
        const rounds = this.#samples.get(scenario)?.get(name);
        if (!rounds) return [];
        const { id, title, group } = scenario;
        const row = { scenario: id, title, group, contender: name, features };
        return [{ ...row, median: medians(rounds), spread: spreads(rounds), rounds }];
      }),
    );
  }

  async #round(round: number): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'aifd-bench-'));
    const port = freePort();
    const command = [process.execPath, join(import.meta.dir, 'upstream/main.ts'), String(port)];
    const upstream = start(command, { log: join(folder, 'upstream.log') });
    let running: Running[] = [];
    try {
      await untilListening(port, 'the mock upstream');
      running = await startContenders(this.plan.contenders, { upstream: port, folder });
      const expected = await checkAll(running);
      const ready = await this.#warmUp(running, expected);
      // Every other round goes backwards, so that being first is nobody's privilege.
      const order = round % 2 === 0 ? ready : ready.toReversed();
      for (const scenario of this.plan.scenarios.filter(({ rounds }) => round < rounds))
        for (let i = 0; i < scenario.repeats; i++) await this.#scenario(scenario, order, expected, round);
    } finally {
      await stopContenders(running);
      await upstream.stop();
      await rm(folder, { recursive: true });
    }
  }

  /** @returns those that came through it; the others have no figures in this round. */
  async #warmUp(running: readonly Running[], expected: string): Promise<Running[]> {
    const ready: Running[] = [];
    for (const one of running) {
      try {
        await warmUp(one, expected);
        ready.push(one);
      } catch (error) {
        this.#fail('warming up', one, error);
      }
    }
    return ready;
  }

  async #scenario(
    scenario: Scenario,
    order: readonly Running[],
    expected: string,
    round: number,
  ): Promise<void> {
    const { plan } = this;
    for (const one of order) {
      const { name } = one.contender;
      if (!scenario.among(name)) continue;
      this.note(`round ${round + 1} of ${plan.rounds}: ${scenario.title}: ${name}`);
      try {
        const sample = await measure(scenario, one, expected, plan.share);
        const byName = this.#samples.getOrInsertComputed(scenario, () => new Map());
        byName.getOrInsertComputed(name, () => []).push(sample);
      } catch (error) {
        this.#fail(scenario.id, one, error);
      }
    }
  }

  #fail(scenario: string, { contender }: Running, error: unknown): void {
    this.failures.push({ scenario, contender: contender.name, problem: String(error) });
  }
}

async function checkAll(running: readonly Running[]): Promise<string> {
  const answers = await Promise.all(running.map(check));
  const [expected = ''] = answers;
  running.forEach(({ contender }, index) => {
    if (answers[index] !== expected) throw new Error(`${contender.name} changed the upstream's JSON answer`);
  });
  return expected;
}
