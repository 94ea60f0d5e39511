#!/usr/bin/env bun
/**
 * Installs the peers that `bun run bench --peers` measures: `bun run bench:peers-install [NAME …]`.
 * Debian's packages where this is root on Debian, the rest in `.peers/`, which holds all of it. What is there stays.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { peersFolder, pins } from './installed.ts';
import { once } from './once.ts';
import { findPython } from './python.ts';

interface Peer {
  name: string;
  /** Does it. @returns what there is now @throws Error that says why it can't be had */
  install(): Promise<string>;
}

const peers: readonly Peer[] = [
  { name: 'haproxy', install: () => debian('haproxy', ['haproxy', '-v']) },
  { name: 'nginx', install: () => debian('nginx', ['nginx', '-v']) },
  { name: 'caddy', install: caddy },
  {
    name: 'openai-forward',
    install: () => python('openai-forward', [`openai-forward==${pins.openaiForward}`]),
  },
  { name: 'litellm', install: () => python('litellm', [`litellm[proxy]==${pins.litellm}`]) },
  { name: 'portkey', install: portkey },
];

/** Seconds for one command: a slow network and 700 MB for LiteLLM. */
const longest = 900;

/** A package of Debian; what is on the PATH already is taken as it is. */
async function debian(name: string, version: string[]): Promise<string> {
  if (Bun.which(name) === null) {
    if (Bun.which('apt-get') === null) throw new Error('not on PATH, and there is no apt-get here');
    if (process.getuid?.() !== 0)
      throw new Error('not on PATH, and only root can install packages of Debian');
    // A runlevel of 1 keeps the package's own service from starting.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    await run(['apt-get', 'update', '-q'], { env }).catch(() => {});
    await run(['apt-get', 'install', '-y', '-q', '--no-install-recommends', name], { env });
  }
  const said = await run(version);
  return `on PATH: ${said.split('\n', 1)[0]}`;
}

async function caddy(): Promise<string> {
  const here = join(peersFolder, 'bin/caddy');
  if (Bun.which('caddy') !== null || !Bun.which('go')) return debian('caddy', ['caddy', 'version']);
  if (!existsSync(here)) {
    await run(['go', 'install', `github.com/caddyserver/caddy/v2/cmd/caddy@${pins.caddy}`], {
      env: { GOBIN: join(peersFolder, 'bin') },
    });
  }
  return `.peers/bin/caddy: ${await run([here, 'version'])}`;
}

/** A virtual environment of its own for each: what two of them need need not agree. */
async function python(name: string, requirements: string[]): Promise<string> {
  return once(peersFolder, name, requirements.join(' '), async (folder) => {
    const { path, version } = await findPython();
    await run([path, '-m', 'venv', folder]);
    const pip = [join(folder, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--prefer-binary'];
    await run([...pip, ...requirements]);
    return `Python ${version}`;
  });
}

async function portkey(): Promise<string> {
  if (Bun.which('npm') === null) throw new Error('there is no npm here');
  const manifest = {
    private: true,
    dependencies: { '@portkey-ai/gateway': pins.portkey },
    overrides: { '@hono/node-server': pins.honoNodeServer },
  };
  return once(peersFolder, 'portkey', JSON.stringify(manifest), async (folder) => {
    await Bun.write(join(folder, 'package.json'), JSON.stringify(manifest));
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run(['npm', 'install', '--prefix', folder, ...quiet], { cwd: folder });
    return 'npm';
  });
}

/** Runs a command to its end. @returns what it said @throws Error with the end of that when it failed */
async function run(
  command: string[],
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  const child = Bun.spawn(command, {
    cwd,
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: longest * 1000,
    killSignal: 'SIGKILL',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const said = `${out}${err}`.trim();
  if (child.signalCode === 'SIGKILL')
    throw new Error(`\`${command.join(' ')}\` was not done in ${longest} s`);
  if (code !== 0) throw new Error(`\`${command.join(' ')}\` ended with ${code}:\n${said.slice(-1500)}`);
  return said;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !peers.some((peer) => peer.name === name));
if (unknown.length > 0) {
  console.error(`There is ${peers.map(({ name }) => name).join(', ')}; not ${unknown.join(', ')}.`);
  process.exit(2);
}
const failed: string[] = [];
for (const { name, install } of peers) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  try {
    console.log(`${name}: ${await install()}`);
  } catch (error) {
    failed.push(name);
    console.log(`${name}: can't be had: ${(error as Error).message}`);
  }
}
if (failed.length > 0) console.log(`\nThe bench runs without ${failed.join(', ')}.`);
// Who named a peer wants that one; without names it is whatever this machine can have.
process.exit(failed.some((name) => wanted.includes(name)) ? 1 : 0);
