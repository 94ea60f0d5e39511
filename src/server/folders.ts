import { ConfigError } from '../config/error.ts';
import type { Config } from '../config/options.ts';
import { openEntries } from '../gateway/cache/open.ts';
import { openWindows } from '../gateway/limits/windows.ts';
import { refuseUnwritableFolder } from '../store/odd-files.ts';

/**
 * Finds out whether chat logs can be written, before anybody waits for them. Makes nothing.
 * @throws ConfigError with the folder and the reason
 */
export function checkLogFolder({ logChat, logDir }: Pick<Config, 'logChat' | 'logDir'>): void {
  if (!logChat) return;
  try {
    refuseUnwritableFolder(logDir);
  } catch (error) {
    throw new ConfigError([
      `LOG_DIR is ${logDir}: chat logs can't be kept there: ${(error as Error).message}`,
    ]);
  }
}

/**
 * Opens and closes all that workers keep on disk: what none of them could open is said once then, and not by each.
 * @throws ConfigError with the path and the reason
 */
export async function tryFolders(config: Config): Promise<void> {
  await (await openWindows(config, () => {}))?.close();
  await (await openEntries(config))?.close();
  checkLogFolder(config);
  if (!config.usage) return;
  const { openUsage } = await import('../record/usage/usage-sink.ts');
  await openUsage(config, () => {}).close();
}
