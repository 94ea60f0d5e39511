/**
 * The soak: `bun run soak [--minutes 5] [--users 200]`. One aifd under every limit that there is, before the bench's
 * mock upstream; JSON, streams, and clients that leave. At its end all counts must be right and nothing have grown.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';
import { launchAifd } from '../measure/processes.ts';
import { countsTokens, isLong, limitOptions, metersOf } from './limits.ts';
import { checkBounds, replay } from './replay.ts';
import { fifths, isFlat, Samples } from './samples.ts';
import { live } from './users.ts';
import type { Entry, Range, User } from './users.ts';
import { startMockUpstream } from '../upstream/main.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, users: { type: 'string' } } });
const minutes = Number(values.minutes ?? 5);
const count = Number(values.users ?? 200);
if (!(minutes > 0) || !Number.isSafeInteger(count) || count < 4) {
  console.error('--minutes takes a number over 0, --users a whole number from 4 on');
  process.exit(2);
}

/** Three of four send one request at a time. */
const users: User[] = Array.from({ length: count }, (_, i) => ({
  key: `fk-soak-${String(i).padStart(12, '0')}`,
  isSequential: i % 4 !== 3,
  journal: [],
}));
/** How often the upstream saw each request. */
const seen = new Map<string, number>();
const problems: string[] = [];

const folder = await mkdtemp(join(tmpdir(), 'aifd-soak-'));
const upstream = startMockUpstream(0, ({ target }) => {
  const id = /[?&]id=(\d+)/.exec(target)?.[1] ?? target;
  seen.set(id, (seen.get(id) ?? 0) + 1);
});
const { port, child } = await launchAifd('aifd', options(), folder);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void giveUp(signal));

console.log(`${count} users, ${minutes} minutes, pid ${child.pid}: ${JSON.stringify(limitOptions)}`);
const samples = new Samples(child.pid);
let isOver = false;
void watch();
const ticker = setInterval(() => console.error(progress()), 15_000);
await Promise.all(users.map((user) => live(user, port, Date.now() + minutes * 60_000)));
isOver = true;
clearInterval(ticker);
samples.stop();
await child.stop();
upstream.stop();

const all = users.flatMap(({ journal }) => journal);
checkAnswers();
for (const user of users) {
  const found = [...checkBounds(user), ...(user.isSequential ? replay(user) : [])];
  problems.push(...found.map((problem) => `user ${user.key}: ${problem}`));
}
const inexact = await checkLongWindows();
const flat = checkGrowth();
await rm(folder, { recursive: true });
summary();
process.exit(problems.length > 0 ? 1 : 0);

function options(): Record<string, string> {
  return {
    ...limitOptions,
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`,
    OPENAI_API_KEY: 'sk-soak-9876543210',
    FORWARD_KEY: users.map(({ key }) => key).join(','),
    DATA_DIR: join(folder, 'data'),
    SHUTDOWN_TIMEOUT: '2',
  };
}

async function watch(): Promise<void> {
  const code = await child.exited;
  if (!isOver) await giveUp(`aifd ended by itself (${code})`);
}

/** What the clients were told is what the upstream saw. */
function checkAnswers(): void {
  for (const { id, verdict, problem } of all) {
    const times = seen.get(id) ?? 0;
    if (problem) problems.push(`request ${id}: ${problem}`);
    if (verdict === 'passed' && times !== 1) problems.push(`request ${id} passed, and came ${times} times`);
    if ((verdict === 'limited' || verdict === 'queue') && times !== 0)
      problems.push(`request ${id} was refused (${verdict}), and came all the same`);
  }
  if (all.length === 0) problems.push('no request was made');
}

/**
 * The windows of a day, read from disk after aifd has stopped, are the counts over the whole run.
 *
 * @returns how many could be checked within bounds only: clients left while it was not known what was counted
 */
async function checkLongWindows(): Promise<number> {
  const store = new LmdbWindows(join(folder, 'data'));
  let within = 0;
  for (const { key, journal } of users) {
    for (const route of ['chat', 'embeddings'] as const) {
      const entries = journal.filter((entry) => entry.route === route);
      for (const meter of metersOf(route, key, 0).filter(isLong)) {
        const { states } = await store.hit([{ ...meter, cost: 0 }], 'fixed-window', Date.now());
        const counted = meter.amount - states[0]!.remaining;
        const [least, most] = expected(entries, countsTokens(meter));
        if (least !== most) within++;
        if (counted >= least && counted <= most) continue;
        const what = countsTokens(meter) ? 'tokens' : `${route} requests`;
        problems.push(`user ${key}: ${counted} ${what} are counted, ${least} to ${most} were used`);
      }
    }
  }
  await store.close();
  return within;
}

function expected(entries: readonly Entry[], tokens: boolean): Range {
  let [least, most] = [0, 0];
  for (const { id, verdict, used } of entries) {
    const came = seen.has(id);
    if (verdict !== 'passed' && verdict !== 'left') continue;
    // Who left unheard was counted, and given back, or not: it depends on where the request was.
    if (tokens && came) [least, most] = [least + used[0], most + used[1]];
    else if (!tokens) [least, most] = [least + (came ? 1 : 0), most + 1];
  }
  return [least, most];
}

function checkGrowth(): Record<'rss' | 'descriptors', { second: number; last: number }> {
  const rss = fifths(samples.rss);
  const descriptors = fifths(samples.descriptors);
  if (samples.rss.length < 10) problems.push('too short to see whether anything grows');
  else if (!isFlat(rss, 4e6)) problems.push(`RSS grew from ${mega(rss.second)} to ${mega(rss.last)} MB`);
  if (!isFlat(descriptors, 8))
    problems.push(`descriptors grew from ${descriptors.second} to ${descriptors.last}`);
  return { rss, descriptors };
}

function summary(): void {
  const { rss, descriptors } = flat;
  const sequential = users.filter(({ isSequential }) => isSequential);
  const replayed = sequential.reduce((sum, { journal }) => sum + journal.length, 0);
  console.log(`\n${progress()}`);
  console.log(`replayed request by request: ${replayed} of ${sequential.length} users`);
  console.log(
    `windows on disk compared with what was used: ${count * 3}, ${inexact} of them within bounds only`,
  );
  console.log(`RSS MB, medians: 2nd fifth ${mega(rss.second)}, last ${mega(rss.last)}`);
  console.log(`descriptors, medians: 2nd fifth ${descriptors.second}, last ${descriptors.last}`);
  for (const problem of problems.slice(0, 20)) console.log(`WRONG ${problem}`);
  if (problems.length > 20) console.log(`… and ${problems.length - 20} more`);
  console.log(
    problems.length > 0 ? `\nFAILED: ${problems.length} problem(s)` : '\nOK: counts right, nothing grew',
  );
}

function progress(): string {
  const journals = users.flatMap(({ journal }) => journal);
  const of = (verdict: Entry['verdict']): number =>
    journals.filter((entry) => entry.verdict === verdict).length;
  const held = `RSS ${mega(samples.rss.at(-1) ?? 0)} MB, ${samples.descriptors.at(-1) ?? 0} descriptors`;
  const parts = (['passed', 'limited', 'queue', 'left', 'broken'] as const).map((one) => `${one} ${of(one)}`);
  return `${journals.length} requests: ${parts.join(', ')}; upstream saw ${seen.size}; ${held}`;
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** No verdict: what was running did not run to its end. */
async function giveUp(why: string): Promise<void> {
  isOver = true;
  const said = await Bun.file(join(folder, 'aifd.log.err')).text();
  console.log(`FAILED: ${why} after ${samples.rss.length} s\n${said.slice(-2000)}`);
  await child.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(1);
}
