import { Dice } from '../support/random.ts';

/** Those that leave the connection as HTTP says, so that it is used again. */
const sound = ['length', 'length', 'chunked', 'half', 'interim', 'early'] as const;

/** How an upstream answers one exchange: well, or breaking HTTP or the connection in some way. */
export const behaviours = [
  'length',
  'chunked',
  'close',
  'old',
  'empty',
  'none',
  'unchanged',
  'half',
  'interim',
  'early',
  'early-stall',
  'early-die',
  'both',
  'two-lengths',
  'interims',
  'switch',
  'end-before',
  'end-late',
  'die-before',
  'die-late',
  'die-middle',
  'end-after',
] as const;
export type Behaviour = (typeof behaviours)[number];

/** How a client goes about its request. */
const manners = [
  'whole',
  'whole',
  'whole',
  'pieces',
  'dawdles',
  'leaves-upload',
  'leaves-early',
  'leaves-late',
] as const;

/** One exchange, drawn from its number: the same number is the same exchange, whatever runs beside it. */
export interface Plan {
  readonly id: number;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly manner: (typeof manners)[number];
  readonly behaviour: Behaviour;
  /** Bytes behind the response: with its last write, or a little later. */
  readonly surplus: 'none' | 'same' | 'late';
  /** Goes through aifd as a stream, and not whole. */
  readonly streamed: boolean;
  readonly chunked: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly dice: Dice;
}

/** Above the buffers of a loopback connection: with an upstream that does not read, a part stays with aifd. */
const HUGE = 7_000_000;

export function plan(seed: number, id: number): Plan {
  const dice = new Dice(seed + id * 7919);
  const isSound = dice.chance(0.6);
  const method = dice.pick(isSound ? (['GET', 'POST'] as const) : (['GET', 'HEAD', 'POST', 'POST'] as const));
  const isHuge = method === 'POST' && dice.chance(0.006);
  const behaviour = isHuge
    ? dice.pick(['early', 'early-stall', 'length'] as const)
    : dice.pick(isSound ? sound : behaviours);
  const streamed = dice.chance(0.4);
  return {
    id,
    method,
    manner: isHuge || (isSound && dice.chance(0.7)) ? 'whole' : dice.pick(manners),
    behaviour,
    surplus: isSound ? 'none' : dice.pick(['none', 'none', 'same', 'late'] as const),
    streamed,
    chunked: streamed && dice.chance(0.5),
    requestBytes: isHuge ? HUGE : dice.pick([1, 40, 700, 90_000]),
    responseBytes: dice.pick([1, 40, 700, 70_000]),
    dice,
  };
}

const BLOCK = 12;

/** `length` bytes that say on every twelve whose they are, from `offset` of the whole on. */
export function marked(id: number, length: number, offset = 0): Buffer {
  const from = offset % BLOCK;
  return Buffer.alloc(length + from, `[${String(id).padStart(9, '0')}]\n`).subarray(from);
}
