/**
 * The soak: `bun run soak [--minutes 60] [--users 160]`, or SOAK_MINUTES=5 in the environment. One aifd with every limit, chat
 * log, usage, metrics and cache on; JSON, streams, clients that leave, large bodies, WebSockets, upstreams that fail. At its
 * end all counts must be right and nothing have grown.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchAifd } from '../measure/processes.ts';
import { startMockUpstream } from '../upstream/main.ts';
import { type Books, checkBooks, readMetrics, readUsage } from './books.ts';
import { checkAnswers, checkLongWindows, checkVerdicts } from './counts.ts';
import { kindNames, mix, newTallies } from './mixed.ts';
import { soakOptions } from './options.ts';
import { growth, Samples } from './samples.ts';
import { startUpstreams } from './upstreams.ts';
import { live } from './users.ts';
import type { Entry, Range, User } from './users.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, users: { type: 'string' } } });
const minutes = Number(values.minutes ?? process.env['SOAK_MINUTES'] ?? 60);
const count = Number(values.users ?? 160);
if (!(minutes > 0) || !Number.isSafeInteger(count) || count < 4) {
  console.error('--minutes takes a number over 0, --users a whole number from 4 on');
  process.exit(2);
}

/** Until what clients have left behind is gone: their last answers, what waits for a place. */
const SETTLES_MS = 4000;

/** Under exact limits; three of four send one request at a time. */
const users: User[] = Array.from({ length: count - Math.floor(count / 4) }, (_, i) => ({
  key: `fk-soak-${String(i).padStart(12, '0')}`,
  isSequential: i % 4 !== 3,
  journal: [],
}));
/** The others send of everything. */
const mixers = Array.from(
  { length: Math.floor(count / 4) },
  (_, i) => `fk-mixed-${String(i).padStart(12, '0')}`,
);
const tallies = newTallies();
/** How often the upstream saw each request. */
const seen = new Map<string, number>();
const problems: string[] = [];

const folder = await mkdtemp(join(tmpdir(), 'aifd-soak-'));
const upstream = startMockUpstream(0, ({ target }) => {
  const id = /[?&]id=(\d+)/.exec(target)?.[1] ?? target;
  seen.set(id, (seen.get(id) ?? 0) + 1);
});
const upstreams = startUpstreams();
const keys = [...users.map(({ key }) => key), ...mixers];
const options = soakOptions(upstream.port, upstreams.places, keys, folder);
const { port, child } = await launchAifd('aifd', options, folder);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void giveUp(signal));

console.log(`${count} users, ${minutes} minutes, pid ${child.pid}`);
const samples = new Samples(child.pid);
let isOver = false;
void watch();
const ticker = setInterval(() => console.error(progress()), 15_000);
const until = Date.now() + minutes * 60_000;
await Promise.all([
  ...users.map((user) => live(user, port, until)),
  ...mixers.map((key) => mix(key, port, until, tallies, problems)),
]);
samples.stop();
await Bun.sleep(SETTLES_MS);
const books = await readMetrics(port, mixers[0] ?? keys[0]!);
isOver = true;
clearInterval(ticker);
await child.stop();
upstream.stop();
upstreams.stop();

const all = users.flatMap(({ journal }) => journal);
const { problems: wrongWindows, inexact } = await checkLongWindows(users, seen, folder);
const usage = await readUsage(join(folder, 'data'));
const said = await saidOfItself();
problems.push(...checkAnswers(all, seen), ...checkVerdicts(users), ...wrongWindows);
problems.push(...checkBooks(books, usage, known()), ...said);
const grown = growth(samples);
if (samples.seconds < 50) problems.push('too short to see whether anything grows');
await rm(folder, { recursive: true });
summary(books);
process.exit(problems.length > 0 || grown.some(({ isFlat }) => !isFlat) ? 1 : 0);

async function watch(): Promise<void> {
  const code = await child.exited;
  if (!isOver) await giveUp(`aifd ended by itself (${code})`);
}

/** How many requests came in, as far as clients know. */
function known(): Range {
  const unheard = all.filter(({ verdict }) => verdict === 'left').length;
  const mixed = kindNames.map((name) => tallies[name]);
  const sent = all.length + mixed.reduce((sum, tally) => sum + tally.sent, 0);
  return [sent - unheard - mixed.reduce((sum, tally) => sum + tally.left, 0), sent];
}

/** What aifd complained of, beside the targets that are meant to fail. */
async function saidOfItself(): Promise<string[]> {
  const log = join(folder, 'aifd.log');
  const text = (await Bun.file(log).text()) + (await Bun.file(`${log}.err`).text());
  const lines = text
    .split('\n')
    .filter((line) => /warn|error/i.test(line) && !/cannot be reached|answers again/.test(line));
  return lines.slice(0, 5).map((line) => `aifd said: ${line.slice(0, 300)}`);
}

function summary({ requests, open, queued }: Books): void {
  const sequential = users.filter(({ isSequential }) => isSequential);
  const replayed = sequential.reduce((sum, { journal }) => sum + journal.length, 0);
  console.log(`\n${progress()}`);
  for (const name of kindNames) {
    const { sent, right, queue, left, hits } = tallies[name];
    const more = hits > 0 ? `, ${hits} from the cache` : '';
    console.log(
      `${name.padEnd(16)}${sent} sent: ${right} as they must, ${left} left, ${queue} without a place${more}`,
    );
  }
  console.log(`\nreplayed request by request: ${replayed} of ${sequential.length} users`);
  console.log(
    `windows on disk compared with what was used: ${users.length * 3}, ${inexact} of them within bounds only`,
  );
  console.log(
    `requests by metrics ${requests}, by usage ${usage}, by clients ${known().join(' to ')}; open ${open}, queued ${queued}`,
  );
  console.log(`\n${grown.map(({ line }) => line).join('\n')}`);
  for (const problem of problems.slice(0, 20)) console.log(`WRONG ${problem}`);
  if (problems.length > 20) console.log(`… and ${problems.length - 20} more`);
  console.log(`\nlongest that the soak itself was held up: ${samples.heldUp.toFixed(0)} ms`);
  const counts = problems.length > 0 ? `${problems.length} problem(s)` : 'counts right';
  const isFlat = grown.every((one) => one.isFlat);
  console.log(
    `\n${problems.length > 0 || !isFlat ? 'FAILED' : 'OK'}: ${counts}, ${isFlat ? 'nothing grew' : 'not all was flat'}`,
  );
}

function progress(): string {
  const journals = users.flatMap(({ journal }) => journal);
  const of = (verdict: Entry['verdict']): number =>
    journals.filter((entry) => entry.verdict === verdict).length;
  const held = `${samples.last('memory').toFixed(1)} MB, ${samples.last('descriptors')} descriptors`;
  const parts = (['passed', 'limited', 'queue', 'left', 'broken'] as const).map((one) => `${one} ${of(one)}`);
  const mixed = kindNames.reduce((sum, name) => sum + tallies[name].sent, 0);
  return `${samples.seconds} s: ${journals.length} under limits (${parts.join(', ')}), ${mixed} mixed, ${problems.length} wrong; ${held}`;
}

/** No verdict: what was running did not run to its end. */
async function giveUp(why: string): Promise<void> {
  isOver = true;
  const end = await Bun.file(join(folder, 'aifd.log.err')).text();
  console.log(`FAILED: ${why} after ${samples.seconds} s\n${end.slice(-2000)}`);
  await child.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(1);
}
