import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dir, '../../src/cli/main.ts');

export interface Start {
  /** The whole environment, apart from PATH. */
  env?: Record<string, string>;
  /** Files of the folder it is started in. */
  files?: Record<string, string>;
}

/** A new folder with these files. */
export function folder(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'aifd-test-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** Starts aifd as a shell would, in a folder of its own. */
export function spawn(args: string[], { env = {}, files }: Start = {}) {
  return Bun.spawn([process.execPath, main, ...args], {
    cwd: folder(files),
    env: { PATH: process.env.PATH, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

/** Runs aifd to its end. */
export async function aifd(args: string[], start?: Start) {
  const child = spawn(args, start);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

type Configuration = Record<string, { value: unknown; source: string }>;

/** What `aifd config` says is in force. */
export async function configuration(args: string[], start?: Start): Promise<Configuration> {
  const { out, err } = await aifd(['config', '--json', ...args], start);
  if (out === '') throw new Error(`no configuration: ${err}`);
  return JSON.parse(out) as Configuration;
}

/** Reads a child's stdout until it says so; fails when it ends before. */
export async function said(stdout: ReadableStream<Uint8Array>, what: RegExp): Promise<RegExpExecArray> {
  const reader = stdout.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const match = what.exec(text);
      if (match) return match;
      const { done, value } = await reader.read();
      if (done) throw new Error(`it ended without saying ${what}:\n${text}`);
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    reader.releaseLock();
  }
}
