import type { Price, PriceList } from '../../config/prices.ts';
import { builtInPrices } from './prices-table.ts';

export type { Price, PriceList } from '../../config/prices.ts';

/** Tokens to be priced. */
export interface Priced {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cached: number | undefined;
}

/** What may follow a name that has a price: a date or a version, by which no price changes. */
const VERSION = /^(?:-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{4}|-\d{3}|-latest)$/;
const MOST_REMEMBERED = 1000;

/** Finds what models cost. A model that is not in the table has no price: it is unknown, and not free. */
export class Prices {
  private readonly exact = new Map<string, Price>();
  private readonly beginnings: (readonly [string, Price])[] = [];
  private readonly found = new Map<string, Price | undefined>();

  /** @param own - of the configuration; they go before the table's */
  constructor(own: PriceList = {}) {
    for (const [name, price] of Object.entries({ ...builtInPrices, ...lowered(own) })) {
      if (name.endsWith('*')) this.beginnings.push([name.slice(0, -1), price]);
      else this.exact.set(name, price);
    }
    this.beginnings.sort(([a], [b]) => b.length - a.length);
  }

  /** @returns billionths of a dollar, a whole number; undefined when the price is not known */
  costOf(model: string, { input = 0, output = 0, cached = 0 }: Priced): number | undefined {
    const price = this.priceOf(model);
    if (!price) return undefined;
    const known = Math.min(input, cached);
    const dollarsOfMillions =
      (input - known) * price.input + known * (price.cached ?? price.input) + output * price.output;
    return Math.round(dollarsOfMillions * 1000);
  }

  /** The price of the longest name that fits: the whole name, without its date, then beginnings. */
  priceOf(model: string): Price | undefined {
    if (this.found.has(model)) return this.found.get(model);
    if (this.found.size >= MOST_REMEMBERED) this.found.clear();
    const price = this.find(model.toLowerCase());
    this.found.set(model, price);
    return price;
  }

  private find(model: string): Price | undefined {
    const whole = this.exact.get(model);
    if (whole) return whole;
    let dated: string | undefined;
    for (let at = model.lastIndexOf('-'); at > 0 && dated === undefined; at = model.lastIndexOf('-', at - 1))
      if (VERSION.test(model.slice(at)) && this.exact.has(model.slice(0, at))) dated = model.slice(0, at);
    const beginning = this.beginnings.find(([start]) => model.startsWith(start));
    if (dated === undefined) return beginning?.[1];
    return beginning && beginning[0].length > dated.length ? beginning[1] : this.exact.get(dated);
  }
}

const lowered = (list: PriceList): PriceList =>
  Object.fromEntries(Object.entries(list).map(([name, price]) => [name.toLowerCase(), price]));
