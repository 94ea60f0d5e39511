/** Columns that a terminal gives a text: wide characters take two, marks none. */
export const widthOf = (text: string): number => Bun.stringWidth(text);

/** At least so wide, filled with spaces behind. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** As much of it as is no wider, with `…` where something was cut; no character is cut in two. */
export function fitted(text: string, width: number, mark = '…'): string {
  if (widthOf(text) <= width) return text;
  let fits = '';
  let left = width - mark.length;
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    fits += segment;
  }
  return fits + mark;
}
