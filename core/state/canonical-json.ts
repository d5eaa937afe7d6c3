/**
 * RFC 8785 (JCS) for condition contexts: object names sorted by UTF-16 code units, no blanks, ECMAScript numbers.
 * Numbers that a double cannot hold, names given twice and lone surrogates change on the way and are refused, so one
 * context has one text and one hash.
 */
import { utf8Length } from '../bytes/text.ts';

/** Nesting of a context. Why 32: OpenFGA's contexts are flat; the writer recurses. */
const DEPTH_MAX = 32;

function write(value: unknown, depth: number): string | undefined {
  if (depth > DEPTH_MAX) return undefined;
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : undefined;
  if (typeof value === 'string') return utf8Length(value) < 0 ? undefined : JSON.stringify(value);
  if (typeof value !== 'object') return undefined;
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (const item of value) {
      const part = write(item, depth + 1);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return `[${parts.join(',')}]`;
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, item] of entries) {
    const part = write(item, depth + 1);
    if (part === undefined || utf8Length(name) < 0) return undefined;
    parts.push(`${JSON.stringify(name)}:${part}`);
  }
  return `{${parts.join(',')}}`;
}

/** Canonical text of a JSON value; undefined where it has none (not finite, not JSON, too deep, lone surrogates). */
export function canonicalJson(value: unknown): string | undefined {
  return write(value, 0);
}

/** Whether a text is the canonical text of a JSON object. */
export function isCanonicalObject(text: string): boolean {
  if (!text.startsWith('{')) return false;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  return canonicalJson(value) === text;
}
