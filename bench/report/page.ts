import { drawCharts } from './charts.ts';
import { figureTables, lossTable, setupText, targetTable } from './markdown.ts';
import type { Result } from './result.ts';

/** aifd with everything on, as rows name it. */
export const everything = 'aifd+all';

/** What the page is made of. */
export interface Sources {
  /** The default run; undefined before there was one. */
  latest: Result | undefined;
  /** The run with peers. */
  peers: Result | undefined;
  /** What the page takes as it stands: figures of those that can't be measured here, and what was optimised. */
  quoted: string;
  optimised: string;
}

const folder = 'docs/benchmarks';

/** `docs/benchmarks.md` and its charts: path from the root, and what is in it. */
export function benchmarkFiles(sources: Sources): Record<string, string> {
  const shown = sources.peers ?? sources.latest;
  const charts = shown ? drawCharts(shown) : [];
  const pictures = charts.map(({ name, svg }) => [`${folder}/${name}.svg`, svg]);
  const images = charts.map(({ name, title }) => `![${title}](benchmarks/${name}.svg)`);
  return { 'docs/benchmarks.md': page(sources, shown, images), ...Object.fromEntries(pictures) };
}

function page(
  { latest, peers, quoted, optimised }: Sources,
  shown: Result | undefined,
  images: string[],
): string {
  const parts = [
    intro,
    '## In pictures',
    shown
      ? `From ${shown === peers ? 'the run with peers' : 'the default run'}, below.`
      : notYet('bun run bench'),
    ...images,
    '## Targets',
    shown ? targetTable(shown, everything) : notYet('bun run bench --peers'),
    '## Where aifd loses',
    losing,
    shown ? lossTable(shown, everything) : notYet('bun run bench --peers'),
    '## How to read the figures',
    reading,
    '## The run with peers',
    runText(peers, 'bun run bench --peers'),
    '## The default run',
    runText(latest, 'bun run bench'),
    '## Not measured here',
    quoted,
    '## What was optimised',
    optimised.replace(/<!--[\s\S]*?-->\n*/g, '').trim(),
    '## Other measurements',
    others,
  ];
  return `${parts.join('\n\n')}\n`;
}

const notYet = (command: string): string => `Not measured yet: \`${command}\`.`;

function runText(result: Result | undefined, command: string): string {
  if (!result) return notYet(command);
  return [setupText(result), figureTables(result.rows)].join('\n\n');
}

const intro = `# Benchmarks

<!-- Generated from bench/results by \`bun run generate\`: run the bench again, don't edit. -->

Every figure here comes from one command, which runs all that it compares side by side on one machine, in rounds that alternate:

| command | what it measures | takes |
| --- | --- | --- |
| \`bun run bench\` | aifd bare, with each feature and with everything on, beside the direct way and HAProxy; installs nothing | minutes |
| \`bun run bench --peers\` | beside these nginx, Caddy, openai-forward, LiteLLM and Portkey, each where it is installed (\`bun run bench:peers-install\`) | longer |
| \`bun run bench --compare REF\` | what got slower or faster since another git ref, beyond the noise | minutes |
| \`bun run bench:stages\` | each stage of the request path alone, in this process | 25 s |
| \`bun run soak\` | an hour of mixed traffic: counts right, nothing grows | an hour |

The first two write \`bench/results/latest.json\` and \`bench/results/peers.json\`, and \`bun run generate\` makes this page of them. What you
measure differs from what is written here as your machine does; what stands side by side should not.`;

const losing = `Every case of the run in which another was better in all of its rounds than aifd in any, and by 5 % or more: bare beside bare, everything on beside those
with their features on, and beside HAProxy and nginx whatever they do.`;

const reading = `- **CPU** is that of the whole process tree a request, in microseconds, counted by the kernel in nanoseconds. It is the figure that
  differs least from run to run, and what a busy machine pays. **CPU to HAProxy** is its ratio to HAProxy's with one thread in the
  same round.
- **requests/s** is what came through while load and upstream had one processor and the contender another (with one connection, at a fixed
  rate and with several workers, all had all). **busy** is how much of one processor the contender used: where that is well under
  100 %, something else was the limit.
- **p50, p99, p99.9** are latencies seen by the client; in a run at a fixed rate they count from when a request was due, so that waiting
  behind a slow one is not left out. **added** is over the direct way in the same round, where the direct way was not at its limit.
- **first** is the time to the first byte of an answer's body, **gap** the time between two of its chunks.
- **RSS** is resident memory of the whole process tree: **at rest** after its first answer, else under that load.
- What the tables leave out (how busy the load was, how late it sent, what others used meanwhile) is in the JSON.
- Each figure is the median of the rounds; the small figures are the least and the greatest of them, as are the whiskers in pictures.
- A name alone is a program with its features off; \`+…\` names what is on. All swap the client's key for the upstream's, and each one's
  answers are checked before it is timed: where they differ from the upstream's in anything but their framing, it has no figures.
- The upstream is a mock on the same machine that answers at once (\`bench/upstream\`): with a real model the waiting outweighs all that
  is measured here, CPU and memory excepted.
- Where one value is more than 20 times another the axis is logarithmic, and values are points: lengths would mean nothing.`;

const others = `**Stages.** \`bun run bench:stages [name …] [--json FILE]\` prints nanoseconds for each stage of a request's way: the quickest look at
what a change cost. The gateway as a whole is among them, against an upstream in the same process.

**Comparing.** \`bun run bench --compare REF\` runs aifd of REF (a worktree in a temporary folder, with the dependencies that it locks)
and of this checkout in turns, A B B A, each time as fresh processes, under this checkout's load. It names what moved by more than
5 % at the median while nearly every pair of rounds agrees, and ends with exit code 1 when something got slower.

**Soak.** \`bun run soak\` is an hour of JSON, streams, clients that leave at any time, upstreams that refuse, reset and fall silent,
bodies of a megabyte, cache hits and misses and WebSockets, with limits, chat log, usage, metrics and cache on. At its end every
count is compared with what the clients saw, and memory, descriptors and sockets must not have grown. \`--minutes 5\` (or
\`SOAK_MINUTES=5\`) is enough for CI.`;
