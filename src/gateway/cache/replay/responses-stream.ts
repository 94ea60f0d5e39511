import { objectOf } from './json.ts';
import type { Fields } from './json.ts';
import { ItemEvents } from './responses-item.ts';

/** A plain response as the events in which it would have been sent; undefined when it can't be. */
export function responsesEvents(response: Fields): string | undefined {
  const { status, output } = response;
  if ((status !== 'completed' && status !== 'incomplete') || !Array.isArray(output)) return undefined;
  const events = new ResponseEvents();
  const begun = asBegun(response);
  events.add('response.created', { response: begun });
  events.add('response.in_progress', { response: begun });
  for (const [index, one] of (output as unknown[]).entries()) {
    const item = objectOf(one);
    if (!item) return undefined;
    new ItemEvents(events, item, index).write();
  }
  events.add(`response.${status}`, { response });
  return events.text;
}

/** Writes events in a row, numbered. */
export class ResponseEvents {
  text = '';
  private next = 0;

  add(type: string, members: Fields): void {
    const data = JSON.stringify({ type, sequence_number: this.next++, ...members });
    this.text += `event: ${type}\ndata: ${data}\n\n`;
  }
}

/** The response before the model has said anything. */
function asBegun(response: Fields): Fields {
  const begun: Fields = { ...response, status: 'in_progress', output: [] };
  for (const name of ['usage', 'completed_at', 'incomplete_details']) if (name in begun) begun[name] = null;
  // Some clients derive it from the output, and would find it there twice.
  if ('output_text' in begun) begun.output_text = '';
  return begun;
}
