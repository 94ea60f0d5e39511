import { addText, emptyFields, objectOf, setMember } from './json.ts';
import type { Fields } from './json.ts';

/** The tool calls of one choice, put together from their deltas. */
export class ToolCalls {
  private readonly calls = new Map<number, Fields>();
  private last = -1;
  private highest = -1;
  /** Deltas came, if empty ones. */
  isUsed = false;

  get size(): number {
    return this.calls.size;
  }

  add(deltas: readonly unknown[]): void {
    this.isUsed = true;
    for (const delta of deltas) {
      const fields = objectOf(delta);
      if (!fields) throw new TypeError('a tool call is no object');
      this.addOne(fields);
    }
  }

  /** In the order of their indexes, which a plain answer does not have. */
  finish(): Fields[] {
    return [...this.calls].toSorted(([a], [b]) => a - b).map(([, call]) => call);
  }

  private addOne(delta: Fields): void {
    const call = this.find(delta);
    for (const name in delta) {
      if (name === 'function') addTo(call, name, delta[name], 'arguments');
      else if (name === 'custom') addTo(call, name, delta[name], 'input');
      else if (name !== 'index') setMember(call, name, delta[name]);
    }
  }

  private find({ index, id }: Fields): Fields {
    const at = typeof index === 'number' ? index : this.guess(id);
    let call = this.calls.get(at);
    if (!call) this.calls.set(at, (call = emptyFields()));
    this.last = at;
    this.highest = Math.max(this.highest, at);
    return call;
  }

  /** Some servers leave the index out, and send each call whole: another id is another call. */
  private guess(id: unknown): number {
    const isNext = this.last < 0 || (typeof id === 'string' && id !== this.calls.get(this.last)?.id);
    return isNext ? this.highest + 1 : this.last;
  }
}

/** @param growing - the member that comes in pieces; a name comes whole, with some servers each time */
function addTo(call: Fields, name: string, value: unknown, growing: string): void {
  const parts = objectOf(value);
  if (!parts) return setMember(call, name, value);
  const whole = (objectOf(call[name]) ?? (call[name] = emptyFields())) as Fields;
  for (const part in parts) {
    if (part === growing) addText(whole, part, parts[part]);
    else setMember(whole, part, parts[part]);
  }
}
