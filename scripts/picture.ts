/**
 * Draws a terminal's output, from standard input, as an SVG for the README: `script -qec 'aifd run --demo' | bun
 * scripts/picture.ts > docs/demo.svg`. Knows the one colour escape that the panels use; drops the rest.
 */
import { stdin } from 'bun';

const CELL = { width: 8.4, height: 18 };
const PADDING = 16;
const colours: Record<string, string> = { 31: '#ff7b72', 33: '#e3b341', 36: '#76e3ea', 90: '#8b949e' };

const lines = (await stdin.text())
  .split('\n')
  .map((line) => line.replaceAll('\r', ''))
  .filter((line) => !line.startsWith('Script '));
while (lines.at(-1)?.trim() === '') lines.pop();

const width = Math.ceil(Math.max(...lines.map((line) => plain(line).length)) * CELL.width + 2 * PADDING);
const height = lines.length * CELL.height + 2 * PADDING;
console.log(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">
<title>aifd run --demo: the start panels, and a chat streamed through aifd</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">
${lines.map(drawLine).join('\n')}
</g>
</svg>`,
);

/** Each word at the column where the terminal shows it: browsers fold spaces, and fonts differ in width. */
function drawLine(line: string, row: number): string {
  const y = PADDING + (row + 0.75) * CELL.height;
  // oxlint-disable-next-line no-control-regex
  const spans = line.replaceAll('\u001b[39m\u001b[36m', '').split(/\u001b\[(\d+)m/);
  const drawn: string[] = [];
  let column = 0;
  for (const [i, text] of spans.entries()) {
    if (i % 2 === 1) continue;
    const colour = colours[spans[i - 1] ?? ''];
    const fill = colour === undefined ? '' : ` fill="${colour}"`;
    for (const word of text.matchAll(/\S+/g)) {
      const x = PADDING + (column + word.index) * CELL.width;
      const wide = word[0].length * CELL.width;
      drawn.push(
        `<text x="${x.toFixed(1)}" y="${y}" textLength="${wide.toFixed(1)}"${fill}>${escape(word[0])}</text>`,
      );
    }
    column += text.length;
  }
  return drawn.join('\n');
}

function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return line.replace(/\u001b\[\d+m/g, '');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
