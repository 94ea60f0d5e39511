import { nearest } from '../../config/nearest.ts';
import { strategies, type Strategy } from '../../store/windows/store.ts';

/**
 * Reads the name of a strategy, any case.
 *
 * @throws RangeError one line with what is accepted, and what was probably meant
 */
export function parseStrategy(text: string): Strategy {
  const name = text.trim().toLowerCase();
  const found = strategies.find((strategy) => strategy === name);
  if (found !== undefined) return found;
  const meant = nearest(name, strategies);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw new RangeError(`there is no strategy '${text}'${hint}: it is one of ${strategies.join(', ')}`);
}
