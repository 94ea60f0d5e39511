import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dir, '../..');

/** A commit of this repository, laid out in a folder of its own. */
export interface Checkout {
  /** As it was asked for, unless that is long. */
  ref: string;
  /** The first letters of its hash. */
  commit: string;
  root: string;
  remove(): Promise<void>;
}

/**
 * Lays out a git ref in a temporary folder, with the dependencies that it locks.
 *
 * @throws Error that says what failed: there is no such ref, or they can't be installed
 */
export async function checkout(ref: string): Promise<Checkout> {
  const commit = await run([
    'git',
    'rev-parse',
    '--short',
    '--verify',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'aifd-ref-'));
  const root = join(folder, 'aifd');
  const remove = async (): Promise<void> => {
    await run(['git', 'worktree', 'remove', '--force', root]).catch(() => '');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await run(['git', 'worktree', 'add', '--detach', root, commit]);
    await run([process.execPath, 'install', '--frozen-lockfile', '--no-progress'], root);
    return { ref: ref.length > 20 ? commit : ref, commit, root, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** This checkout as it is, changes that are not committed included. */
export async function here(): Promise<Checkout> {
  const commit = await run(['git', 'rev-parse', '--short', 'HEAD']);
  const isChanged = (await run(['git', 'status', '--porcelain', '--', 'src', 'package.json'])) !== '';
  const named = isChanged ? `${commit}, changed` : commit;
  return { ref: 'here', commit: named, root: repository, remove: async () => {} };
}

async function run(command: string[], cwd = repository): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const read = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const [out = '', said = ''] = await Promise.all(read);
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${said.trim().slice(-1000)}`);
  return out.trim();
}
