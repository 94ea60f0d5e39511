import { type Figures, noFigures, WIDTH } from './figures.ts';
import type { Labels } from './store.ts';

/**
 * How a group lies on disk, little-endian: the version, two bytes with the length of its labels, these as a JSON list,
 * and of the figures those that are not 0, each its place in one byte and the number as a double.
 */
const VERSION = 1;
const HEAD = 3;
const STEP = 9;

/** @returns bytes of their own */
export function encodeGroup({ user, target, route, model }: Labels, figures: Figures): Buffer {
  const labels = Buffer.from(JSON.stringify([user, target, route, model]));
  const bytes = Buffer.allocUnsafe(HEAD + labels.length + STEP * WIDTH);
  bytes[0] = VERSION;
  bytes.writeUInt16LE(labels.length, 1);
  labels.copy(bytes, HEAD);
  let at = HEAD + labels.length;
  for (let i = 0; i < WIDTH; i++) {
    if (figures[i] === 0) continue;
    bytes[at] = i;
    bytes.writeDoubleLE(figures[i]!, at + 1);
    at += STEP;
  }
  return bytes.subarray(0, at);
}

/** @returns the figures, undefined for bytes that are no group's */
export function decodeFigures(bytes: Buffer): Figures | undefined {
  if (bytes.length < HEAD || bytes[0] !== VERSION) return undefined;
  const start = HEAD + bytes.readUInt16LE(1);
  if (bytes.length < start || (bytes.length - start) % STEP !== 0) return undefined;
  const figures = noFigures();
  for (let at = start; at < bytes.length; at += STEP) {
    const value = bytes.readDoubleLE(at + 1);
    // A place beyond those known is of a newer aifd.
    if (bytes[at]! < WIDTH && Number.isFinite(value)) figures[bytes[at]!] = value;
  }
  return figures;
}

/** @returns the labels, undefined for bytes that are no group's */
export function decodeLabels(bytes: Buffer): Labels | undefined {
  if (bytes.length < HEAD || bytes[0] !== VERSION) return undefined;
  try {
    const list: unknown = JSON.parse(bytes.toString('utf8', HEAD, HEAD + bytes.readUInt16LE(1)));
    if (!Array.isArray(list) || !list.every((label) => typeof label === 'string')) return undefined;
    const [user = '', target = '', route = '', model = ''] = list as string[];
    return { user, target, route, model };
  } catch {
    return undefined;
  }
}
