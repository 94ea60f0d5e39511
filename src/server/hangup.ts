/**
 * Makes SIGHUP end nothing: service managers send it to say "reload", and a closed terminal to say that nobody looks on any
 * more. Neither is a reason to cut streams.
 * @param log - takes a line for people; a worker leaves that to its supervisor
 * @returns what undoes it
 */
export function survivesHangup(log: (line: string) => void = logged): () => void {
  const onHangup = (): void => log('SIGHUP: there is nothing to reload; restart for other settings');
  process.on('SIGHUP', onHangup);
  // A terminal that is gone takes no more lines: a write fails, and is lost.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', lost);
  return () => {
    process.off('SIGHUP', onHangup);
    for (const stream of [process.stdout, process.stderr]) stream.off('error', lost);
  };
}

function lost(): void {}

function logged(line: string): void {
  if (process.env['AIFD_WORKER'] === undefined) console.error(`aifd: ${line}`);
}
