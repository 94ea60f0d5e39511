import type { Price, PriceList } from '../../config/prices.ts';

/** When the table was made. Prices change; `PRICES` goes before it. */
export const pricesAsOf = '2026-06';

const price = (input: number, cached: number | undefined, output: number): Price => ({
  input,
  output,
  ...(cached !== undefined && { cached }),
});

/** Anthropic's: a cache read costs a tenth of the input, a write for 5 minutes 1.25 times as much, for an hour twice. */
const claude = (input: number, output: number): Price => ({
  ...price(input, round(input * 0.1), output),
  cache_write: round(input * 1.25),
  cache_write_1h: round(input * 2),
});
/** Without the noise of binary fractions. */
const round = (dollars: number): number => Number(dollars.toFixed(6));

/** List prices, in dollars a million tokens, without discounts (batch, flex) and surcharges (long prompts). */
export const builtInPrices: PriceList = {
  'gpt-5.5': price(5, 0.5, 30),
  'gpt-5.4': price(2.5, 0.25, 15),
  'gpt-5.4-mini': price(0.75, 0.075, 4.5),
  'gpt-5.4-nano': price(0.2, 0.02, 1.25),
  'gpt-5.1': price(1.25, 0.125, 10),
  'gpt-5': price(1.25, 0.125, 10),
  'gpt-5-mini': price(0.25, 0.025, 2),
  'gpt-5-nano': price(0.05, 0.005, 0.4),
  'gpt-5-pro': price(15, undefined, 120),
  'gpt-4.1': price(2, 0.5, 8),
  'gpt-4.1-mini': price(0.4, 0.1, 1.6),
  'gpt-4.1-nano': price(0.1, 0.025, 0.4),
  'gpt-4o': price(2.5, 1.25, 10),
  'gpt-4o-2024-05-13': price(5, undefined, 15),
  'gpt-4o-mini': price(0.15, 0.075, 0.6),
  'gpt-4-turbo': price(10, undefined, 30),
  'gpt-4': price(30, undefined, 60),
  'gpt-4-32k': price(60, undefined, 120),
  'gpt-4-1106-preview': price(10, undefined, 30),
  'gpt-4-0125-preview': price(10, undefined, 30),
  'gpt-3.5-turbo': price(0.5, undefined, 1.5),
  'gpt-3.5-turbo-0613': price(1.5, undefined, 2),
  'gpt-3.5-turbo-1106': price(1, undefined, 2),
  'gpt-3.5-turbo-instruct': price(1.5, undefined, 2),
  o1: price(15, 7.5, 60),
  'o1-mini': price(1.1, 0.55, 4.4),
  'o1-pro': price(150, undefined, 600),
  o3: price(2, 0.5, 8),
  'o3-mini': price(1.1, 0.55, 4.4),
  'o3-pro': price(20, undefined, 80),
  'o4-mini': price(1.1, 0.275, 4.4),
  'text-embedding-3-small': price(0.02, undefined, 0),
  'text-embedding-3-large': price(0.13, undefined, 0),
  'text-embedding-ada-002': price(0.1, undefined, 0),
  'claude-opus-4': claude(15, 75),
  'claude-opus-4-1': claude(15, 75),
  'claude-opus-4-5': claude(5, 25),
  'claude-sonnet-4': claude(3, 15),
  'claude-sonnet-4-5': claude(3, 15),
  'claude-haiku-4-5': claude(1, 5),
  'claude-3-7-sonnet': claude(3, 15),
  'claude-3-5-sonnet': claude(3, 15),
  'claude-3-5-haiku': claude(0.8, 4),
  'claude-3-haiku': { ...price(0.25, 0.03, 1.25), cache_write: 0.3, cache_write_1h: 0.5 },
  'claude-3-opus': claude(15, 75),
  'gemini-2.5-pro': price(1.25, 0.125, 10),
  'gemini-2.5-flash': { ...price(0.3, 0.03, 2.5), audio_input: 1, audio_cached: 0.1 },
  'gemini-2.5-flash-lite': { ...price(0.1, 0.01, 0.4), audio_input: 0.3, audio_cached: 0.03 },
  'gemini-2.0-flash': { ...price(0.1, 0.025, 0.4), audio_input: 0.7, audio_cached: 0.175 },
  'gpt-4o-audio-preview': { ...price(2.5, undefined, 10), audio_input: 40, audio_output: 80 },
  'gpt-4o-mini-audio-preview': { ...price(0.15, undefined, 0.6), audio_input: 10, audio_output: 20 },
  'gpt-realtime': { ...price(4, 0.4, 16), audio_input: 32, audio_cached: 0.4, audio_output: 64 },
  'gpt-4o-transcribe': { ...price(2.5, undefined, 10), audio_input: 6 },
  'gpt-4o-mini-transcribe': { ...price(1.25, undefined, 5), audio_input: 3 },
  'whisper-1': { input: 0, output: 0, minute: 0.006 },
  'gpt-image-1': { ...price(5, 1.25, 40), image_input: 10, image_cached: 2.5 },
};
