/** Versions that LiteLLM and openai-forward have wheels for; the plain name last. */
const names = ['python3.12', 'python3.11', 'python3.13', 'python3.10', 'python3'];
const usable = /^3\.1[0-3]$/;

/**
 * Finds a Python that can make virtual environments.
 *
 * @throws Error that says what was looked for
 */
export async function findPython(): Promise<{ path: string; version: string }> {
  for (const name of names) {
    const path = Bun.which(name);
    if (path === null) continue;
    // Debian ships python3 without ensurepip, and a shim may have nothing behind it.
    const say = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
    const child = Bun.spawn([path, '-c', say], { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' });
    const version = (await child.stdout.text()).trim();
    if ((await child.exited) === 0 && usable.test(version)) return { path, version };
  }
  throw new Error(`none of ${names.join(', ')} is a Python 3.10 to 3.13 with venv and ensurepip`);
}
