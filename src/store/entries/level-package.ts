/**
 * Loads an optional package with a native part.
 *
 * @param what who needs it, as `LevelDB`
 * @throws Error with one line: it is not installed, or what is wrong with it
 */
export async function loadPackage<T>(what: string, name: string, importing: () => Promise<T>): Promise<T> {
  try {
    return await importing();
  } catch (error) {
    if (isMissing(error, name))
      throw new Error(`answers in ${what} need the package ${name}: bun add ${name}`, { cause: error });
    const [why] = String((error as Error)?.message ?? error).split('\n');
    throw new Error(`answers in ${what} need the package ${name}, which can't be loaded: ${why}`, {
      cause: error,
    });
  }
}

/** Not what the package itself lacks. */
function isMissing(error: unknown, name: string): boolean {
  const { code, specifier, message } = error as Partial<ResolveMessage>;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return false;
  return specifier ? specifier === name : Boolean(message?.includes(`'${name}'`));
}

/** Why an engine could not open its folder, in one line. */
export function unopened(path: string, error: unknown): Error {
  const cause = ((error as Error).cause ?? error) as Error & { code?: string };
  return new Error(`answers can't be kept in ${path}: ${reasonOf(cause)}`, { cause: error });
}

function reasonOf({ code, message }: { code?: string; message: string }): string {
  const [what = ''] = message.split('\n');
  if (code === 'LEVEL_LOCKED') return 'another process has it open, perhaps a running aifd';
  if (isCorruption(message)) return `it is damaged (${what}); remove the folder to start with an empty one`;
  return what;
}

/** Both check their blocks, and say so alike. */
export const isCorruption = (message: string): boolean =>
  /corrupt|checksum|no such file|bad block|missing files/i.test(message);
