import { familyOf } from '../cache/replay/family.ts';
import type { Purpose } from './happening.ts';

/** What a request is for. @param path - with or without a query */
export function purposeOf(path: string): Purpose {
  return path.includes('/audio/') ? 'audio' : familyOf(path);
}
