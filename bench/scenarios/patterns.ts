import { leastPrompt } from '../load/order.ts';
import type { Question } from '../load/order.ts';
import type { Capacity, Work } from './scenario.ts';

/** Seconds that a closed loop is measured for. */
const usualSeconds = 0.8;
const mostConnections = 1024;

/** A JSON question of its own each time, with a small answer, unless it says otherwise. */
export function question(more: Partial<Question> = {}): Question {
  return { stream: false, wish: {}, prompt: leastPrompt + 80, distinct: true, ...more };
}

/** So many connections that ask again when they were answered. */
export function closed(asked: Question, connections: number, seconds = usualSeconds) {
  return (_capacity: Capacity, share: number): Work => ({
    question: asked,
    pattern: { kind: 'closed', connections, seconds: seconds * share },
    limit: 60,
  });
}

/** The given rate, or half of what a contender can where that is less: nobody is measured drowning. */
export function rateFor(wanted: number, { json }: Capacity): number {
  return Math.min(wanted, Math.max(json / 2, 1));
}

/** A fixed rate, whether answers come or not. */
export function atRate(asked: Question, rate: number, seconds: number) {
  return (capacity: Capacity, share: number): Work => ({
    question: asked,
    pattern: {
      kind: 'open',
      rate: rateFor(rate, capacity),
      seconds: seconds * share,
      connections: mostConnections,
    },
    limit: 60,
  });
}

/** How long streams stay open, in milliseconds, so that the first is there when the last has started. */
export function holdFor(connections: number, least: number, { json }: Capacity): number {
  return Math.round(Math.max(least, (1300 * connections) / Math.max(json, 1)));
}

/** Streams that are all opened at once: an event at once, the end when all have it. */
export function burst(connections: number, least: number) {
  return (capacity: Capacity): Work => {
    const hold = holdFor(connections, least, capacity);
    return {
      question: question({ stream: true, wish: { chunks: 1, interval: hold } }),
      pattern: { kind: 'burst', connections },
      limit: 30 + (3 * hold) / 1000,
    };
  };
}
