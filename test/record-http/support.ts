import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readLiteral } from '../../src/record/chatlog/literal-read.ts';
import { emptyFolder, spawnAifd } from '../support/aifd.ts';
import { type Asked, ask, type RawResponse } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { type Handler, startUpstream } from '../support/upstream.ts';

type Env = Record<string, string>;
/** What a line of a log says. */
export type Told = Record<string, unknown>;

const main = join(import.meta.dir, '../../src/cli/main.ts');

/** Folders of a run's own, and all that tells of requests switched on. */
export function everythingOn() {
  const logDir = emptyFolder();
  const dataDir = emptyFolder();
  const env = {
    LOG_DIR: logDir,
    DATA_DIR: dataDir,
    LOG_CHAT: 'true',
    LOG_FORMAT: 'jsonl',
    ACCESS_LOG_FORMAT: 'json',
    USAGE: 'true',
    METRICS: 'public',
    SERVER_TIMING: 'true',
    MAX_RETRIES: '0',
  };
  return { logDir, dataDir, env };
}

/** A command of aifd's to its end. */
export async function runAifd(args: readonly string[], env: Env = {}) {
  const child = Bun.spawn([process.execPath, main, ...args], {
    cwd: emptyFolder(),
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

/** The files of a folder and those under it, by path. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The lines of the chat logs of a kind, those put aside too; fails on one that is not whole. */
export async function chatLines(logDir: string, kind = 'chat'): Promise<Told[]> {
  const files = filesIn(logDir).filter((file) => file.includes(`/${kind}/`));
  const texts = await Promise.all(files.map((file) => Bun.file(file).text()));
  return texts.flatMap((text) => linesOf(text).map(lineRead));
}

function lineRead(line: string): Told {
  return (line.startsWith('{"') ? JSON.parse(line) : plain(readLiteral(line))) as Told;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, inner]) => [String(name), plain(inner)]));
}

function linesOf(text: string): string[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line is not whole');
  return text.split('\n').slice(0, -1);
}

/** The lines of access among what a process printed. */
export const accessLines = (text: string): Told[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"time"'))
    .map((line) => JSON.parse(line) as Told);

/** `aifd stats` as a program reads it. */
export async function stats(dataDir: string, ...args: string[]): Promise<Told[]> {
  const { out, err, code } = await runAifd(['stats', '--json', '--data-dir', dataDir, ...args]);
  if (code !== 0) throw new Error(err);
  const found = JSON.parse(out) as Told[] | { rows: Told[] };
  return Array.isArray(found) ? found : found.rows;
}

/** Asks a process to end, and waits until it has. */
export async function endInOrder(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid), 'aifd has ended', 15_000);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** An upstream and aifd before it as a process, all that tells of requests switched on. */
export async function startRecorded(env: Env = {}, handler?: Handler) {
  const upstream = await startUpstream(handler);
  const on = everythingOn();
  const given = { ...on.env, OPENAI_BASE_URL: upstream.url, ...env };
  const aifd = await spawnAifd(given);
  return {
    ...on,
    url: aifd.url,
    upstream,
    aifd,
    ask: (path: string, asked: Asked = {}): Promise<RawResponse> => ask(aifd.url, path, asked),
    metrics: async (): Promise<string> => (await fetch(`${aifd.url}/metrics`)).text(),
    /** The access line of a request by its id, once it is there. */
    access: (id: string): Promise<Told> =>
      until(() => accessLines(aifd.output.text).find((line) => line['id'] === id), `the line of ${id}`),
    end: () => endInOrder(aifd.pid),
    async [Symbol.asyncDispose](): Promise<void> {
      await aifd[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}
