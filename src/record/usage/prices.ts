import type { Price, PriceList } from '../../config/prices.ts';
import { builtInPrices } from './prices-table.ts';
import type { PricedApart } from '../../openai/usage/usage-counts.ts';

export type { Price, PriceList } from '../../config/prices.ts';

/** What is to be priced: tokens, and seconds of sound. */
export interface Priced extends PricedApart {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cached: number | undefined;
  readonly seconds?: number | undefined;
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
  costOf(model: string, priced: Priced): number | undefined {
    const price = this.priceOf(model);
    if (!price || (priced.seconds !== undefined && price.minute === undefined)) return undefined;
    const dollarsOfMillions =
      inputCost(priced, price) + outputCost(priced, price) + (priced.seconds ?? 0) * perSecond(price);
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

/** Each part of the input at its own price, the rest at the price of text. More than all of it is an upstream's slip. */
function inputCost(priced: Priced, price: Price): number {
  const { input, cached = input } = price;
  const { audio_input: audio = input, image_input: image = input } = price;
  const { cache_write: write = input, cache_write_1h: writeHour = write } = price;
  const { audio_cached: audioCached = cached, image_cached: imageCached = cached } = price;
  const split = new Split(priced.input);
  const ofCached = new Split(split.take(priced.cached));
  const cachedAudio = ofCached.take(priced.audioCached);
  const cachedImage = ofCached.take(priced.imageCached);
  return (
    cachedAudio * audioCached +
    cachedImage * imageCached +
    ofCached.left * cached +
    split.take(priced.writtenHour) * writeHour +
    split.take(priced.written) * write +
    split.take((priced.audioInput ?? 0) - cachedAudio) * audio +
    split.take((priced.imageInput ?? 0) - cachedImage) * image +
    split.left * input
  );
}

function outputCost(priced: Priced, { output, audio_output, image_output }: Price): number {
  const split = new Split(priced.output);
  return (
    split.take(priced.audioOutput) * (audio_output ?? output) +
    split.take(priced.imageOutput) * (image_output ?? output) +
    split.left * output
  );
}

const perSecond = ({ minute = 0 }: Price): number => (minute * 1_000_000) / 60;

/** Tokens that are divided among prices. */
class Split {
  constructor(public left = 0) {}

  take(count = 0): number {
    const taken = Math.max(0, Math.min(this.left, count));
    this.left -= taken;
    return taken;
  }
}
