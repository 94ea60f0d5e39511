/**
 * Reads what OpenTelemetry's variables hold, `name=value,other=value` with values percent-encoded
 * (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`).
 * @throws TypeError when a part is no pair; it says which by its place, for it may be a secret
 */
export function readPairs(text: string): Record<string, string> {
  const pairs: [name: string, value: string][] = [];
  for (const [i, part] of text.split(',').entries()) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    const name = part.slice(0, equals).trim();
    if (equals < 0 || name === '') throw new TypeError(`part ${i + 1} is not name=value`);
    pairs.push([name, decoded(part.slice(equals + 1).trim())]);
  }
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
