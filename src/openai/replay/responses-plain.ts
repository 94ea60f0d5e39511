import { dataIn, eventsIn } from '../events.ts';
import { objectOf } from '../json.ts';
import type { Fields } from '../json.ts';

type Parse = (json: string) => unknown;

/**
 * The response that a stream ends with; undefined when it has no such end.
 * @param parse - reads one event's JSON
 * @throws for what is no JSON
 */
export function responsesPlain(text: string, parse: Parse = JSON.parse): Fields | undefined {
  const events = eventsIn(text);
  // The end says all: nothing before it has to be read.
  for (let i = events.length - 1; i >= 0; i--) {
    const data = dataIn(events[i]!)?.trim();
    if (!data || data === '[DONE]') continue;
    const { type, response } = objectOf(parse(data)) ?? {};
    if (type === 'response.completed' || type === 'response.incomplete') {
      const whole = objectOf(response);
      if (!whole || (Array.isArray(whole.output) && whole.output.length > 0)) return whole;
      return { ...whole, output: itemsIn(events, parse) };
    }
    if (type !== 'keepalive') return undefined;
  }
  return undefined;
}

/** The items that were done: some servers don't say them again at the end. */
function itemsIn(events: readonly string[], parse: Parse): unknown[] {
  const items: { index: number; item: unknown }[] = [];
  for (const event of events) {
    if (!event.includes('response.output_item.done')) continue;
    const { type, item, output_index } = objectOf(parse(dataIn(event)!)) ?? {};
    if (type === 'response.output_item.done') items.push({ index: Number(output_index), item });
  }
  return items.toSorted((a, b) => a.index - b.index).map(({ item }) => item);
}
