import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
/** Users whose digests are held; with more they are computed again. */
const MOST_HELD = 10_000;
const DIGEST_LETTERS = 22;

let secret: Uint8Array | undefined;
const held = new Map<string, string>();

/**
 * A user as logs, statistics and commands show it: `k:` and 22 letters of base64url for a key (an HMAC-SHA-256 under
 * the secret of DATA_DIR, so that no list of likely keys finds one), an address as it is.
 * @param user - as `userOf` has it
 */
export function shownUser(user: string): string {
  if (secret === undefined || !user.startsWith('k:')) return user;
  let shown = held.get(user);
  if (shown !== undefined) return shown;
  const digest = new Bun.CryptoHasher('sha256', secret).update(user).digest('base64url');
  shown = `k:${digest.slice(0, DIGEST_LETTERS)}`;
  if (held.size >= MOST_HELD) held.clear();
  held.set(user, shown);
  return shown;
}

/**
 * Reads the secret of a DATA_DIR, for {@link shownUser}.
 * @returns false where there is none: nothing was recorded there
 */
export function readUserSecret(dataDir: string): boolean {
  try {
    use(readFileSync(secretFile(dataDir)));
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the secret of a DATA_DIR, and makes it where there is none. Processes that start together get the same.
 * @returns why it can't be kept: then digests differ between processes and change with each start
 */
export function openUserSecret(dataDir: string): string | undefined {
  try {
    if (!readUserSecret(dataDir)) {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      makeSecret(secretFile(dataDir));
      use(readFileSync(secretFile(dataDir)));
    }
    return undefined;
  } catch (error) {
    use(randomBytes(SECRET_BYTES));
    return (error as Error).message;
  }
}

/** For a process that keeps nothing: digests that no other process has. */
export const useOwnUserSecret = (): void => use(randomBytes(SECRET_BYTES));

/** The secret in use, for another thread of this process. */
export const userSecret = (): Uint8Array | undefined => secret;

/** For such a thread: its digests are those of the process. */
export function useUserSecret(bytes: Uint8Array | undefined): void {
  if (bytes) use(bytes);
}

const secretFile = (dataDir: string): string => join(dataDir, 'secret');

/** The whole file appears at once: another process never reads half a secret. */
function makeSecret(file: string): void {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(draft, randomBytes(SECRET_BYTES), { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function use(bytes: Uint8Array): void {
  if (bytes.length < SECRET_BYTES)
    throw new Error(`the secret has ${bytes.length} bytes, not ${SECRET_BYTES}`);
  secret = bytes;
  held.clear();
}
