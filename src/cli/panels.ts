import type { RouteLimit } from '../config/limit-kinds.ts';
import { cachesAnything } from '../config/checks.ts';
import { mask, maskUrl } from '../config/mask.ts';
import type { Config } from '../config/options.ts';
import type { Target } from '../config/targets.ts';
import { cachePlace } from '../gateway/cache/place.ts';

type Row = readonly [key: string, value: string];

/** One box, or one block of `key: value` lines. */
export interface Panel {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** What the user sees at the start: one panel a target, one for the limits, and one for what is recorded, if anything is. */
export function startPanels(config: Config): Panel[] {
  return [
    ...config.targets.map((target) => targetPanel(target, config)),
    limitPanel(config),
    ...recordPanels(config),
  ];
}

function targetPanel(target: Target, config: Config): Panel {
  return {
    title: 'aifd is ready to serve!',
    rows: [
      ['base url', target.baseUrl],
      ['route prefix', target.prefix],
      ['api keys', keysText(target.keys)],
      ['forward keys', keysText(config.forwardKey)],
      ['cache backend', cacheText(config)],
      ['chat log', config.logChat ? config.logDir : 'off'],
    ],
  };
}

function limitPanel(config: Config): Panel {
  const { reqRateLimit, globalRateLimit, tokensLimit, tokenRateLimit } = config;
  const limits: Row[] = [
    ['global rate limit', globalRateLimit.text === '' ? 'none' : `${globalRateLimit.text} (req)`],
    ...routes(reqRateLimit, 'req'),
    ...routes(tokensLimit, 'tokens'),
    ...routes(tokenRateLimit, 'token'),
    ...placeRows(config),
  ];
  const counts = reqRateLimit.length > 0 || tokensLimit.length > 0 || globalRateLimit.limits.length > 0;
  return {
    title: 'Rate Limit configuration',
    rows: [
      ['backend', counts ? maskUrl(config.rateLimitBackend) : 'none'],
      ['strategy', counts ? config.rateLimitStrategy : 'none'],
      ...limits,
    ],
  };
}

function recordPanels({
  usage,
  dataDir,
  usageKeep,
  metrics,
  otelExporterOtlpEndpoint: collector,
}: Config): Panel[] {
  const rows: Row[] = [];
  if (usage) rows.push(['usage', `${dataDir}, kept ${daysText(usageKeep)}`]);
  if (metrics !== 'off')
    rows.push(['metrics', metrics === 'key' ? '/metrics (forward key)' : '/metrics (public)']);
  if (collector !== '') rows.push(['traces', maskUrl(collector)]);
  return rows.length === 0 ? [] : [{ title: 'Recorded', rows }];
}

function daysText(seconds: number): string {
  const days = Math.round(seconds / 86_400);
  return days === 1 ? '1 day' : `${days} days`;
}

function routes(list: readonly RouteLimit[], what: string): Row[] {
  return list.map(({ route, text }) => [route, `${text} (${what})`]);
}

function placeRows({ concurrencyLimit, userConcurrencyLimit, queueSize }: Config): Row[] {
  const rows: Row[] = [];
  if (concurrencyLimit > 0) rows.push(['at once, a target', `${concurrencyLimit}, ${queueSize} may wait`]);
  if (userConcurrencyLimit > 0)
    rows.push(['at once, a user', `${userConcurrencyLimit}, ${queueSize} may wait`]);
  return rows;
}

/** As the reference shows it: `MEMORY`; with what makes it more than a cache. */
function cacheText(config: Config): string {
  if (!cachesAnything(config)) return 'off';
  const { backend } = cachePlace(config);
  const where = backend.includes('://') ? maskUrl(backend) : backend.toUpperCase();
  return config.cacheMode === 'on' ? where : `${where} (${config.cacheMode})`;
}

/** More keys than this are counted and not listed. */
const listed = 3;

function keysText(keys: readonly string[]): string {
  if (keys.length === 0) return 'False';
  const shown = keys.slice(0, listed).map(mask).join(', ');
  return `True (${keys.length}: ${shown}${keys.length > listed ? ', …' : ''})`;
}

/** Boxes are for a terminal; a log gets lines. `NO_COLOR` counts when it is not empty. @see https://no-color.org */
export function wantsBoxes(stream: { isTTY?: boolean }, env: Record<string, string | undefined>): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '';
}

/** `key: value` lines under the title. */
export function renderPlain({ title, rows }: Panel): string {
  return [title, ...rows.map(([key, value]) => `  ${key}: ${value}`)].join('\n');
}

/** A box as wide as its widest line, at least as wide as the reference's. */
export async function renderBox({ title, rows }: Panel): Promise<string> {
  const { box } = await import('consola/utils');
  const keys = Math.max(...rows.map(([key]) => key.length));
  const lines = rows.map(([key, value]) => `${key.padEnd(keys)}   ${value}`);
  const width = Math.max(44, ...lines.map((line) => line.length));
  const text = lines.map((line) => line.padEnd(width)).join('\n');
  return box(text, {
    title,
    style: { borderColor: 'cyan', borderStyle: 'rounded', padding: 2, marginLeft: 0 },
  });
}

/** Prints the panels of a configuration to stdout, as its reader can take them. */
export async function printPanels(config: Config): Promise<void> {
  const boxes = wantsBoxes(process.stdout, process.env);
  for (const panel of startPanels(config)) console.log(boxes ? await renderBox(panel) : renderPlain(panel));
}

/** A warning that can't be overlooked: red and framed in a terminal, one line in a log. */
export async function printWarning(warning: string): Promise<void> {
  if (!wantsBoxes(process.stderr, process.env)) {
    console.error(`WARNING: ${warning}`);
    return;
  }
  const { box, colorize } = await import('consola/utils');
  const text = colorize('red', warning.replace(/(.{1,72})(?: |$)/g, '$1\n').trimEnd());
  console.error(box(text, { title: 'WARNING', style: { borderColor: 'red', padding: 1, marginLeft: 0 } }));
}
