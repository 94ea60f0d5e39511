import type { Config } from '../../config/options.ts';
import type { EntryStore } from '../../store/entries/store.ts';
import type { AddressRules } from '../admit/address.ts';
import { uncheckedCredentials, userOf } from '../admit/user.ts';
import type { Exchange } from '../exchange.ts';
import { isKeyedByForm, stamped } from './answers.ts';
import { directivesOf } from './directives.ts';
import { Flights } from './flights.ts';
import { KeptAnswers } from './kept.ts';
import { type Asked, Questions } from './question.ts';
import { refuseNotCached, refuseUnrecorded } from './refusal.ts';
import { CachedRoutes } from './routes.ts';
import { forwardedStatus, type Reason } from './status.ts';
import { type Ask, type Outcome, type Parts, Visit } from './visit.ts';

/** They ask for a part of an answer, or for one under a condition (nobody else may share that), or can't be read. */
const beyondUs = [
  'range',
  'content-encoding',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
];

/** The prediction cache: answers what was asked before, shares what is being asked, keeps what was answered. */
export class Cache {
  private readonly routes: CachedRoutes;
  private readonly parts: Parts;

  /** @param say - told what the operator should know */
  constructor(
    private readonly config: Config,
    store: EntryStore,
    private readonly addresses: AddressRules,
    say: (message: string) => void,
  ) {
    this.routes = new CachedRoutes(config);
    this.parts = {
      config,
      kept: new KeptAnswers(store, say),
      flights: new Flights(config.cacheMaxEntrySize),
      questions: new Questions(say),
    };
  }

  /** Notes in the exchange whether its route is cached. */
  note(exchange: Exchange): void {
    if (!exchange.handshake) exchange.family = this.routes.find(exchange.destination);
  }

  /** Answers the exchange, whose body was read, from what is kept or by asking. */
  answer(exchange: Exchange, ask: Ask): Promise<Outcome> {
    const replaying = this.config.cacheMode === 'replay';
    if (exchange.family === undefined)
      return replaying ? Promise.resolve(refuseUnrecorded(exchange)) : ask(exchange.request);
    const asked = this.askedIn(exchange);
    if (asked instanceof Promise)
      return asked.then((late) => this.answerAsked(exchange, late ?? 'bypass', ask));
    return this.answerAsked(exchange, asked, ask);
  }

  private answerAsked(exchange: Exchange, asked: Asked | Reason, ask: Ask): Promise<Outcome> {
    if (typeof asked !== 'string') return new Visit(exchange, asked, ask, this.parts).answer();
    return this.passBy(exchange, asked, ask);
  }

  /** Of a cached route, but none of the cache's. */
  private async passBy(exchange: Exchange, reason: Reason, ask: Ask): Promise<Outcome> {
    if (this.config.cacheMode === 'replay') return refuseUnrecorded(exchange);
    if (directivesOf(exchange.request.headers).onlyIfCached) return refuseNotCached(exchange);
    exchange.cache = 'bypass';
    return stamped(await ask(exchange.request), forwardedStatus(reason, false));
  }

  /** Writes what is not written yet. */
  close(): Promise<void> {
    this.parts.questions.close();
    return this.parts.kept.close();
  }

  /** What is asked, or why the cache has no part in it. */
  private askedIn(exchange: Exchange): Asked | Reason | Promise<Asked | undefined> {
    const { method, request, caching, family } = exchange;
    if (method !== 'POST' && method !== 'GET') return 'method';
    const { cacheMode, defaultRequestCachingValue } = this.config;
    // A recording is of everything, or its replay would lack something.
    if (cacheMode === 'on' && !(caching ?? defaultRequestCachingValue)) return 'bypass';
    for (const name of beyondUs) if (request.headers.has(name)) return 'bypass';
    return this.parts.questions.read(exchange, this.userOf(exchange), isKeyedByForm(family!)) ?? 'bypass';
  }

  /** Whose entries they are; empty for everybody's. */
  private userOf(exchange: Exchange): string {
    const { cacheScope, cacheMode } = this.config;
    // A recording is replayed for whoever runs the tests.
    if (cacheMode !== 'on') return '';
    // The upstream may answer them differently: what it says to one caller is for that one alone.
    const unchecked = uncheckedCredentials(exchange);
    const user = cacheScope === 'shared' ? '' : userOf(exchange, this.addresses);
    const isChecked = exchange.credentials.kind === 'replace' && exchange.credentials.isChecked;
    // Unchecked credentials all together say more than the one that the caller is counted by.
    return isChecked || unchecked === '' ? user + unchecked : unchecked;
  }
}
