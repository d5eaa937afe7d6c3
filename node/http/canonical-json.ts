/**
 * RFC 8785 (JCS) text of a parsed JSON value. JavaScript's own number and string forms are the RFC's; what is left is the
 * order of keys (by UTF-16 code unit, which is what sort() does) and no white space.
 */

/** Canonical text. The value came from JSON.parse: no cycles, no undefined, no bigint. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(object).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`).join(',')}}`;
}
