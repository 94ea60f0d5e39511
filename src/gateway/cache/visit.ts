import type { Config } from '../../config/options.ts';
import type { Entry } from '../../store/entries/store.ts';
import { uncheckedCredentials } from '../admit/user.ts';
import type { Exchange } from '../exchange.ts';
import { NoPlace } from '../limits/refusal.ts';
import { WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import type { Answer, ClientWatch } from '../upstream/wire/types.ts';
import {
  answerOf,
  type EntrySource,
  entryOf,
  isKeepable,
  isWhole,
  mayBeKept,
  RULES,
  stamped,
} from './answers.ts';
import { type Directives, directivesOf } from './directives.ts';
import type { Flights } from './flights.ts';
import type { Coming, KeptAnswers } from './kept.ts';
import { type Asked, keyByForm, type Questions } from './question.ts';
import { refuseNotCached, refuseUnrecorded } from './refusal.ts';
import { allowsStoring, isOverruled, isVariantOf, variantOf } from './upstream-words.ts';
import { forwardedStatus, hitStatus, type Reason, staleStatus } from './status.ts';

/** Asks the upstream for the exchange's sake, for as long as the client watched does not leave. */
export type Ask = (client: ClientWatch) => Promise<Answer | WireFailure>;

/** The upstream's answer or a kept one, a failure, or a refusal. */
export type Outcome = Answer | WireFailure | Response;

/** What all visits share. */
export interface Parts {
  readonly config: Config;
  readonly kept: KeptAnswers;
  readonly flights: Flights;
  readonly questions: Questions;
}

let loners = 0;

/** One exchange at the cache. */
export class Visit {
  constructor(
    private readonly exchange: Exchange,
    private readonly asked: Asked,
    private readonly ask: Ask,
    private readonly parts: Parts,
  ) {}

  /** The kept answer, or the upstream's. */
  async answer(): Promise<Outcome> {
    const { cacheMode } = this.parts.config;
    if (cacheMode === 'replay') return this.recorded();
    const found = cacheMode === 'record' ? undefined : this.parts.kept.get(this.asked.key);
    const any = found instanceof Promise ? await found : found;
    const entry = any && serves(any, this.parts.config) ? any : undefined;
    const now = Date.now();
    const { headers } = this.exchange.request;
    const directives = directivesOf(headers);
    const reason = entry ? against(entry, headers, directives, now) : 'uri-miss';
    if (entry && reason === undefined) {
      const hit = this.replayed(entry, hitStatus(entry.about.expiresAt, now));
      if (hit) return hit;
    }
    if (directives.onlyIfCached) return refuseNotCached(this.exchange);
    // An entry of which this form can't be made is none for this request.
    const forwarded = await this.forward(reason ?? 'uri-miss', directives);
    return this.orStale(forwarded, reason === 'stale' && admits(directives, entry!, now) ? entry : undefined);
  }

  /** The recording says the same each time, however old it is. */
  private async recorded(): Promise<Outcome> {
    for (const key of recordedKeys(this.asked)) {
      const entry = await this.parts.kept.get(key);
      const isGood = entry && (entry.about.rules === RULES || isWhole(entry, this.exchange.family!));
      const replay = isGood && this.replayed(entry, hitStatus(0, 0));
      if (replay) return replay;
    }
    return refuseUnrecorded(this.exchange, this.asked);
  }

  private replayed(entry: Entry, status: string): Answer | undefined {
    const answer = answerOf(entry, this.exchange.family!, this.asked);
    if (!answer) return undefined;
    this.exchange.cache = 'hit';
    this.parts.questions.remember(this.asked);
    answer.head.headers.push(['cache-status', status], ['age', String(ageOf(entry, Date.now()))]);
    return answer;
  }

  private async forward(reason: Reason, directives: Directives): Promise<Answer | WireFailure> {
    const { exchange } = this;
    exchange.cache = 'miss';
    // A recording is of everything.
    if (directives.noStore && this.parts.config.cacheMode !== 'record')
      return stamped(await this.ask(exchange.request), forwardedStatus(reason, false));
    const fly = () =>
      this.parts.flights.fly(this.flight(directives), exchange.request, this.ask, (head, whole) =>
        this.keep(head, whole),
      );
    let flown = await fly();
    while (flown.collapsed && isOfOther(flown.outcome, exchange)) flown = await fly();
    const { outcome, collapsed } = flown;
    if (outcome instanceof WireFailure) {
      if (collapsed) exchange.cache = 'collapsed';
      return outcome;
    }
    if (!collapsed)
      return stamped(outcome, forwardedStatus(reason, mayBeKept(outcome.head, this.parts.config)));
    if (!this.mayShare(outcome.head, (flown.leader as Request).headers)) {
      // Only its head says that the upstream would answer this request in another way.
      outcome.body.discard();
      return stamped(await this.ask(exchange.request), forwardedStatus(reason, false));
    }
    exchange.cache = 'collapsed';
    outcome.head.headers.splice(0, Infinity, ...withoutPersonal(outcome.head));
    return stamped(outcome, forwardedStatus(reason, false, true));
  }

  /** Only what the upstream would answer alike is shared, and who wants a new answer gets one of its own. */
  private flight({ noCache, maxAge }: Directives): string {
    const { key, stream, includeUsage } = this.asked;
    const isAlone = noCache || maxAge !== Infinity || this.parts.config.cacheMode === 'record';
    return `${key} ${stream} ${includeUsage} ${uncheckedCredentials(this.exchange)} ${isAlone ? ++loners : ''}`;
  }

  /** @param asked - the fields of the request that went upstream */
  private mayShare(head: ResponseHead, asked: Headers): boolean {
    const { config } = this.parts;
    if (!allowsStoring(head, config)) return false;
    return isVariantOf({ vary: variantOf(head, asked, config) }, this.exchange.request.headers);
  }

  private keep(head: ResponseHead, whole: Uint8Array): void {
    const { exchange, asked, parts } = this;
    if (!mayBeKept(head, parts.config)) return;
    const { headers } = exchange.request;
    const vary = variantOf(head, headers, parts.config);
    const overruled = isOverruled(head, headers, parts.config);
    const later = new KeptLater({ ...sourceOf(exchange, asked), vary, overruled }, head, whole, parts.config);
    if (parts.config.cacheMode === 'record') void this.record(later);
    else parts.kept.put(later);
  }

  /** What was asked for in several forms is recorded in each: a replay is then what was answered. */
  private async record(later: KeptLater): Promise<void> {
    const { kept } = this.parts;
    const before = await kept.get(later.key);
    const isOther = before !== undefined && formOf(before) !== (later.entry && formOf(later.entry));
    if (isOther) later.key = keyByForm(this.asked, this.asked);
    kept.put(later);
  }

  private orStale(outcome: Answer | WireFailure, entry: Entry | undefined): Outcome {
    const status = outcome instanceof WireFailure ? undefined : outcome.head.status;
    const now = Date.now();
    if (!entry || (status !== undefined && status < 500) || isTooOld(entry, this.parts.config, now))
      return outcome;
    if (outcome instanceof WireFailure && outcome.kind === 'aborted') return outcome;
    const stale = this.replayed(entry, staleStatus(entry.about.expiresAt, now, status));
    if (!stale) return outcome;
    this.exchange.cache = 'stale';
    if (!(outcome instanceof WireFailure)) outcome.body.discard();
    return stale;
  }
}

/** Whether the rules of today would have stored the entry. */
function serves({ about }: Entry, { cacheIgnoreUpstream }: Config): boolean {
  return about.rules === RULES && (about.overruled !== true || cacheIgnoreUpstream);
}

/** The request that asked for all got no place because of its own user's limit: this user may get one. */
function isOfOther(outcome: Answer | WireFailure, { user }: Exchange): boolean {
  return outcome instanceof NoPlace && outcome.user !== undefined && outcome.user !== user;
}

/** Judged and encoded when somebody asks for it, or its turn to be written has come. */
class KeptLater implements Coming {
  private made: { readonly entry: Entry | undefined } | undefined;

  key: string;

  constructor(
    private readonly source: EntrySource,
    private readonly head: ResponseHead,
    private readonly whole: Uint8Array,
    private readonly config: Config,
  ) {
    this.key = source.key;
  }

  get size(): number {
    return this.whole.length + this.source.canonical.length;
  }

  get entry(): Entry | undefined {
    return (this.made ??= { entry: this.make() }).entry;
  }

  private make(): Entry | undefined {
    const { source, head, whole, config } = this;
    const isGood = isKeepable(head, whole, source.family);
    return isGood ? entryOf(source, head, whole, config) : undefined;
  }
}

/** The exchange itself is not held until then, nor its request. */
function sourceOf({ destination, family }: Exchange, asked: Asked): Omit<EntrySource, 'vary' | 'overruled'> {
  const { key, canonical, route, model, user, includeUsage } = asked;
  const target = destination.upstream.target.baseUrl;
  return { key, canonical, route, model, user, includeUsage, target, family: family! };
}

/** How far the clocks of processes that share a cache may differ, ms. */
const CLOCKS_DIFFER_MS = 1000;

/** Fields that are for the one who asked alone. */
const personal: ReadonlySet<string> = new Set(['set-cookie', 'x-request-id']);

function withoutPersonal({ headers }: ResponseHead): [string, string][] {
  return headers.filter(([name]) => !personal.has(name.toLowerCase()));
}

/** Why the entry won't do; undefined when it does. */
function against(
  { about }: Entry,
  request: Headers,
  { noCache, maxAge }: Directives,
  now: number,
): Reason | undefined {
  if (!isVariantOf(about, request)) return 'vary-miss';
  if (about.expiresAt !== 0 && (about.expiresAt <= now || isAhead(about.storedAt, now))) return 'stale';
  return noCache || isOlder(about.storedAt, maxAge, now) ? 'request' : undefined;
}

/** An entry that the request would not take while it was fresh does not stand in for an error either. */
function admits({ noCache, maxAge }: Directives, { about }: Entry, now: number): boolean {
  return !noCache && !isOlder(about.storedAt, maxAge, now);
}

/** Whether it was stored by a clock that ran ahead: how old it is, nobody knows. */
const isAhead = (storedAt: number, now: number): boolean => storedAt > now + CLOCKS_DIFFER_MS;

/** @param maxAge - seconds; `Infinity` where any age will do */
function isOlder(storedAt: number, maxAge: number, now: number): boolean {
  return maxAge !== Infinity && (isAhead(storedAt, now) || (now - storedAt) / 1000 > maxAge);
}

/** The form that an entry was asked in. */
function formOf({ about, headers }: Entry): string {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  return `${type.startsWith('text/event-stream')} ${about.usageAsked === true}`;
}

/** Where a recording may have the answer: in the very form first. */
function recordedKeys(asked: Asked): string[] {
  const forms = [
    { stream: false, includeUsage: false },
    { stream: true, includeUsage: true },
    { stream: true, includeUsage: false },
  ];
  return [keyByForm(asked, asked), asked.key, ...forms.map((form) => keyByForm(asked, form))];
}

function isTooOld({ about }: Entry, { cacheStaleIfError }: Config, now: number): boolean {
  return now >= about.expiresAt + cacheStaleIfError * 1000;
}

/** Whole seconds; a clock that was set back makes nothing younger than new. */
const ageOf = ({ about }: Entry, now: number): number =>
  Math.max(0, Math.floor((now - about.storedAt) / 1000));
