/** The options that targets are made of; a part of what the table reads. */
export interface TargetOptions {
  readonly openaiBaseUrl: readonly string[];
  readonly openaiRoutePrefix: readonly string[];
  readonly openaiApiKey: readonly string[];
  readonly extraBaseUrl: readonly string[];
  readonly extraRoutePrefix: readonly string[];
  readonly extraApiKey: readonly (readonly string[])[];
}

/** One upstream and the prefix under which it is reached. */
export interface Target {
  /** `host[:port]`, safe to show. */
  readonly name: string;
  readonly kind: 'openai' | 'extra';
  /** `/`, or as `/localai`: without a last slash. */
  readonly prefix: string;
  /** Scheme, host, port and path, without a last slash. */
  readonly baseUrl: string;
  readonly protocol: 'http:' | 'https:';
  /** As a socket takes it: an IPv6 address has no brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Empty, or as `/api`. */
  readonly basePath: string;
  /** The real keys of this target and no other, used in turn. */
  readonly keys: readonly string[];
}

/** Thrown away by the caller, kept apart so that all problems are told at once. */
export interface Targets {
  readonly targets: readonly Target[];
  readonly problems: readonly string[];
}

/**
 * Pairs base URLs with prefixes and keys, by position.
 *
 * @param failed options that could not be read: what depends on them is not judged
 * @returns the targets, longest prefix first and `/` last, and what is wrong with them
 */
export function buildTargets(values: TargetOptions, failed: ReadonlySet<string>): Targets {
  const problems: string[] = [];
  const pairs = (['openai', 'extra'] as const).flatMap((kind) => pairUp(kind, values, failed, problems));
  if (!failed.has('extraApiKey') && !failed.has('extraBaseUrl')) problems.push(...countExtraKeys(values));
  problems.push(...findTwins(pairs));
  // A longer prefix is the more exact one, and `/` is the shortest there is.
  const targets = pairs.toSorted((a, b) => b.prefix.length - a.prefix.length);
  return { targets, problems };
}

function pairUp(
  kind: Target['kind'],
  values: TargetOptions,
  failed: ReadonlySet<string>,
  problems: string[],
): Target[] {
  const urlOption = `${kind}BaseUrl` as const;
  const prefixOption = `${kind}RoutePrefix` as const;
  if (failed.has(urlOption) || failed.has(prefixOption)) return [];
  const urls = values[urlOption];
  const prefixes = values[prefixOption];
  if (urls.length !== prefixes.length) {
    const [first, second] = [`${kind.toUpperCase()}_BASE_URL`, `${kind.toUpperCase()}_ROUTE_PREFIX`];
    problems.push(
      `${first} has ${count(urls.length)} and ${second} has ${count(prefixes.length)}: ` +
        'they are pairs by position, so give both as many',
    );
    return [];
  }
  return urls.map((url, index) =>
    makeTarget(
      kind,
      url,
      prefixes[index]!,
      kind === 'openai' ? values.openaiApiKey : (values.extraApiKey[index] ?? []),
    ),
  );
}

function makeTarget(kind: Target['kind'], baseUrl: string, prefix: string, keys: readonly string[]): Target {
  const url = new URL(baseUrl);
  const protocol = url.protocol as Target['protocol'];
  return {
    name: url.host,
    kind,
    prefix,
    baseUrl,
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port),
    basePath: url.pathname === '/' ? '' : url.pathname,
    keys,
  };
}

function countExtraKeys({ extraApiKey, extraBaseUrl }: TargetOptions): string[] {
  if (extraApiKey.length === 0 || extraApiKey.length === extraBaseUrl.length) return [];
  return [
    `EXTRA_API_KEY has ${count(extraApiKey.length)} and EXTRA_BASE_URL has ${count(extraBaseUrl.length)}: ` +
      'give one for each extra target (it may be empty), or leave it unset',
  ];
}

function findTwins(targets: readonly Target[]): string[] {
  const byPrefix = Map.groupBy(targets, (target) => target.prefix);
  return [...byPrefix]
    .filter(([, twins]) => twins.length > 1)
    .map(([prefix, twins]) => {
      const where = [...new Set(twins.map((twin) => `${twin.kind.toUpperCase()}_ROUTE_PREFIX`))].join(
        ' and ',
      );
      const names = twins.map((twin) => twin.name).join(', ');
      return `${where}: ${prefix} is there ${twins.length} times (for ${names}): each target needs its own`;
    });
}

const count = (entries: number): string => `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
