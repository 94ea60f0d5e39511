import { addText, emptyFields, objectOf, setMember } from '../json.ts';
import type { Fields } from '../json.ts';

/** A call as it grows, and where it belongs in the list. */
interface Growing {
  readonly index: number;
  readonly call: Fields;
}

/** The tool calls of one choice, put together from their deltas. */
export class ToolCalls {
  /** In the order in which they began. */
  private readonly calls: Growing[] = [];
  /** The latest call of each index. */
  private readonly latest = new Map<number, Growing>();
  private last: Growing | undefined;
  private highest = -1;
  /** Deltas came, if empty ones. */
  isUsed = false;

  get size(): number {
    return this.calls.length;
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
    return this.calls.toSorted((a, b) => a.index - b.index).map(({ call }) => call);
  }

  private addOne(delta: Fields): void {
    const { call } = (this.last = this.find(delta));
    for (const name in delta) {
      if (name === 'function') addTo(call, name, delta[name], 'arguments');
      else if (name === 'custom') addTo(call, name, delta[name], 'input');
      else if (name !== 'index') setMember(call, name, delta[name]);
    }
  }

  /** Some servers give all calls one index, some none at all: a delta with another id and a name begins a call. */
  private find(delta: Fields): Growing {
    const hasIndex = typeof delta.index === 'number';
    const before = hasIndex ? this.latest.get(delta.index as number) : this.last;
    if (before && !isOther(before.call, delta, hasIndex)) return before;
    const index = hasIndex ? (delta.index as number) : this.highest + 1;
    const growing = { index, call: emptyFields() };
    this.calls.push(growing);
    this.latest.set(index, growing);
    this.highest = Math.max(this.highest, index);
    return growing;
  }
}

/** Whether a delta is of another call. Some servers make up a new id for each piece: those pieces have no name. */
function isOther(call: Fields, delta: Fields, hasIndex: boolean): boolean {
  const { id } = delta;
  if (typeof id !== 'string' || id === '' || id === call.id) return false;
  if (call.id === undefined) return false;
  return !hasIndex || nameOf(delta) !== '';
}

function nameOf(call: Fields): string {
  const name = (objectOf(call.function) ?? objectOf(call.custom))?.name;
  return typeof name === 'string' ? name : '';
}

/** @param growing - the member that comes in pieces */
function addTo(call: Fields, name: string, value: unknown, growing: string): void {
  const parts = objectOf(value);
  if (!parts) return setMember(call, name, value);
  const whole = (objectOf(call[name]) ?? (call[name] = emptyFields())) as Fields;
  for (const part in parts) {
    if (part === growing) addText(whole, part, parts[part]);
    else if (part === 'name') addName(whole, parts[part]);
    else setMember(whole, part, parts[part]);
  }
}

/** A name comes whole, with some servers each time, or in pieces, or longer each time. */
function addName(whole: Fields, value: unknown): void {
  const before = whole.name;
  const isPiece =
    typeof before === 'string' &&
    typeof value === 'string' &&
    value !== '' &&
    before !== value &&
    !value.startsWith(before);
  if (isPiece) whole.name = before + value;
  else setMember(whole, 'name', value);
}
