import { cpus, release, totalmem } from 'node:os';
import manifest from '../../package.json' with { type: 'json' };
import type { Result } from './result.ts';

/** What the figures depend on beside the settings. */
export function surroundings(): Pick<Result, 'machine' | 'versions'> {
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 1e9),
      kernel: release(),
    },
    versions: {
      aifd: manifest.version,
      bun: Bun.version,
      haproxy: versionOf(['haproxy', '-v'], /version (\S+)/),
    },
  };
}

function versionOf(command: string[], pattern: RegExp): string {
  const [program = ''] = command;
  if (Bun.which(program) === null) return 'not on PATH';
  const { stdout, stderr } = Bun.spawnSync(command);
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
}
