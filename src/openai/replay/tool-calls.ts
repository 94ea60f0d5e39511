import { addText, emptyFields, objectOf, setMember, setSame } from '../json.ts';
import type { Fields } from '../json.ts';

/** A call as it grows, and where it belongs in the list. */
interface Growing {
  readonly index: number;
  readonly call: Fields;
}

/** Calls of one choice whose beginning is looked for in the arguments of the one before. */
const MOST_LOOKS = 128;

/** The tool calls of one choice, put together from their deltas. */
export class ToolCalls {
  /** In the order in which they began. */
  private readonly calls: Growing[] = [];
  /** The latest call of each index. */
  private readonly latest = new Map<number, Growing>();
  /** The latest call of each id. */
  private readonly byId = new Map<string, Growing>();
  private last: Growing | undefined;
  private highest = -1;
  /** Arguments that were parsed before their end was known. */
  private looks = 0;
  /** Deltas came, if empty ones. */
  isUsed = false;

  /** @param isStrict - a delta that may be of two calls throws */
  constructor(private readonly isStrict: boolean) {}

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

  /**
   * In the order of their indexes, which a plain answer does not have.
   * @param isCut - the model was stopped: the last call may be incomplete
   * @throws TypeError where calls may have been mixed: arguments are no JSON
   */
  finish(isCut: boolean): Fields[] {
    const calls = this.calls.toSorted((a, b) => a.index - b.index).map(({ call }) => call);
    if (this.isStrict && !isCut && !calls.every((call) => isJson(argumentsOf(call))))
      throw new TypeError('the arguments of a call are not whole');
    return calls;
  }

  private addOne(delta: Fields): void {
    const growing = (this.last = this.find(delta));
    const { call } = growing;
    for (const name in delta) {
      if (name === 'function') this.addTo(call, name, delta[name], 'arguments');
      else if (name === 'custom') this.addTo(call, name, delta[name], 'input');
      else if (name !== 'index') (this.isStrict ? setSame : setMember)(call, name, delta[name]);
    }
    if (typeof call.id === 'string') this.byId.set(call.id, growing);
  }

  /** Some servers give all calls one index, some none at all. */
  private find(delta: Fields): Growing {
    const given = indexOf(delta.index);
    const { id } = delta;
    const hasId = typeof id === 'string' && id !== '';
    const known = hasId ? this.byId.get(id) : undefined;
    if (known && (given === undefined || given === known.index)) return known;
    const before = given === undefined ? this.last : this.latest.get(given);
    if (before && !this.isOther(before.call, delta, hasId, given !== undefined)) return before;
    const index = given ?? this.highest + 1;
    const growing = { index, call: emptyFields() };
    this.calls.push(growing);
    this.latest.set(index, growing);
    this.highest = Math.max(this.highest, index);
    return growing;
  }

  /**
   * Whether a delta is of another call than the latest one at its place: it has another id and a name, or nothing has an id
   * and it has another name. Some servers make up a new id for each piece: those pieces have no name.
   */
  private isOther(call: Fields, delta: Fields, hasId: boolean, hasIndex: boolean): boolean {
    const [name, before, args] = [nameOf(delta), nameOf(call), argumentsOf(call)];
    if (!hasId || call.id === undefined || call.id === '') {
      // A name in pieces comes before the arguments. Where a whole call came twice, its arguments are no JSON.
      if (name === '' || args === '' || before.startsWith(name)) return false;
      const isWhole = this.isWhole(args);
      if (this.isStrict && (hasId || !isWhole)) throw unsure();
      return isWhole;
    }
    if (!hasIndex || !this.isStrict) return !hasIndex || name !== '';
    if (name === '' || (args === '' ? name === before : !this.isWhole(args))) throw unsure();
    return true;
  }

  /** A few times only: each costs a look at all that came. */
  private isWhole(args: string): boolean {
    return ++this.looks <= MOST_LOOKS && isJson(args);
  }

  /** @param growing - the member that comes in pieces */
  private addTo(call: Fields, name: string, value: unknown, growing: string): void {
    const parts = objectOf(value);
    if (!parts) return setMember(call, name, value);
    const whole = (objectOf(call[name]) ?? (call[name] = emptyFields())) as Fields;
    for (const part in parts) {
      if (part === growing) addText(whole, part, parts[part]);
      else if (part === 'name') {
        if (this.isStrict && whole[growing] && isPieceOfName(whole.name, parts[part])) throw unsure();
        addName(whole, parts[part]);
      } else setMember(whole, part, parts[part]);
    }
  }
}

const unsure = (): TypeError => new TypeError('a piece may be of two calls');

/** Some write it as text. */
function indexOf(index: unknown): number | undefined {
  if (typeof index === 'string' && /^\d{1,4}$/.test(index)) return Number(index);
  return typeof index === 'number' ? index : undefined;
}

function nameOf(call: Fields): string {
  const name = (objectOf(call.function) ?? objectOf(call.custom))?.name;
  return typeof name === 'string' ? name : '';
}

function argumentsOf(call: Fields): string {
  const args = objectOf(call.function)?.arguments;
  return typeof args === 'string' ? args : '';
}

/** Whether the arguments of a call are whole. Of one without parameters they may be nothing. */
export function isJson(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A name comes whole, with some servers each time, or in pieces, or longer each time. */
export function addName(whole: Fields, value: unknown): void {
  if (isPieceOfName(whole.name, value)) whole.name = `${whole.name as string}${value as string}`;
  else setMember(whole, 'name', value);
}

function isPieceOfName(before: unknown, value: unknown): boolean {
  if (typeof before !== 'string' || typeof value !== 'string' || before === '' || value === '') return false;
  return !value.startsWith(before);
}
