/** Where a server listens, as the configuration has it. */
export interface ListenAddress {
  host: string;
  port: number;
  tlsCertFile?: string | undefined;
  tlsKeyFile?: string | undefined;
}

/** Why a server can't listen, in one line for people. */
export interface ListenProblem {
  readonly line: string;
  /** Whether the configuration is to blame, whatever else runs on the machine. */
  readonly isConfiguration: boolean;
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'that port needs more rights than this user has',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EINVAL: 'that is no address of this machine',
};

/**
 * Explains what `Bun.serve` or `Bun.listen` threw, the same for one worker and for several.
 *
 * @returns undefined when it is something else
 */
export async function listenProblem(
  error: unknown,
  { host, port, tlsCertFile }: ListenAddress,
): Promise<ListenProblem | undefined> {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = reasons[code ?? ''];
  // Of a name that does not resolve Bun.serve says EADDRINUSE or EINVAL, and Bun.listen has no code.
  const isAddress = reason !== undefined || message.startsWith('Failed to listen');
  if (isAddress && !(await resolves(host))) {
    return { line: `cannot listen on ${host}:${port}: that host name is not known`, isConfiguration: false };
  }
  if (reason !== undefined) {
    return { line: `cannot listen on ${host}:${port}: ${reason}`, isConfiguration: false };
  }
  if (isAddress || tlsCertFile === undefined) return undefined;
  return { line: `TLS_CERT_FILE and TLS_KEY_FILE can't be used: ${message}`, isConfiguration: true };
}

async function resolves(host: string): Promise<boolean> {
  const { lookup } = await import('node:dns/promises');
  return lookup(host).then(
    () => true,
    () => false,
  );
}
