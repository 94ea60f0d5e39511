/** Text as it stands between tags and in attributes. */
export function escape(plain: string): string {
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

type Attributes = Readonly<Record<string, string | number>>;

/** One element. @param children - markup, not text: see {@link escape} */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(attribute(value))}"`);
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

/** Tenths of a pixel are enough, and make files of the same look the same. */
function attribute(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value;
}

/** A line of text. */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, [escape(content)]);
}

/** A whole picture, that follows the reader's light or dark mode. @param description - for who can't see it */
export function picture(
  {
    width,
    height,
    title,
    description,
  }: { width: number; height: number; title: string; description: string },
  children: readonly string[],
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-labelledby': 'title description',
  };
  const parts = [
    element('title', { id: 'title' }, [escape(title)]),
    element('desc', { id: 'description' }, [escape(description)]),
    element('style', {}, [style]),
    element('rect', { class: 'ground', width, height, rx: 8 }),
    ...children,
  ];
  return `${element('svg', attributes, [`\n${parts.join('\n')}\n`])}\n`;
}

const style = `
svg { --ground: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #e1e6eb; --direct: #b6c0ca; --limit: #768390;
  --aifd: #0969da; --aifd-on: #6cb0f5; --peer: #d98036;
  font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --grid: #262c33; --direct: #4a525b; --limit: #7f8a96;
    --aifd: #4493f8; --aifd-on: #285f9f; --peer: #c9772f; }
}
text { fill: var(--ink); } .soft { fill: var(--soft); } .small { font-size: 11.5px; } .end { text-anchor: end; }
.middle { text-anchor: middle; } .title { font-size: 17px; font-weight: 600; } .panel { font-weight: 600; }
.own { font-weight: 600; } .ground { fill: var(--ground); } .grid { stroke: var(--grid); }
.spread { stroke: var(--ink); stroke-opacity: 0.55; stroke-width: 1.5; fill: none; }
.direct { fill: var(--direct); stroke: var(--direct); } .limit { fill: var(--limit); stroke: var(--limit); }
.aifd { fill: var(--aifd); stroke: var(--aifd); } .aifd-on { fill: var(--aifd-on); stroke: var(--aifd-on); }
.peer { fill: var(--peer); stroke: var(--peer); }
`;
