/**
 * Canonical JSON: the one text of a value, for condition contexts and models that stand in hashed values.
 * Source: RFC 8785 (JSON Canonicalization Scheme): keys by UTF-16 code units, ECMAScript numbers, minimal escapes.
 */
import { utf8Length } from './text.ts';

export type CanonicalJson =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'not_json' | 'bad_number' | 'lone_surrogate' | 'too_deep' };

/** Levels of arrays and objects. Why 64: deeper contexts are attacks on a recursive reader. */
const DEPTH_MAX: number = 64;

/** Thrown and caught here only. */
class Refusal {
  readonly reason: 'not_json' | 'bad_number' | 'lone_surrogate' | 'too_deep';
  constructor(reason: Refusal['reason']) {
    this.reason = reason;
  }
}

function writeText(text: string): string {
  if (utf8Length(text) < 0) throw new Refusal('lone_surrogate');
  return JSON.stringify(text);
}

function write(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Refusal('bad_number');
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw new Refusal('not_json');
  if (depth === 0) throw new Refusal('too_deep');
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth - 1)).join(',')}]`;
  const record = value as Readonly<Record<string, unknown>>;
  const members = Object.keys(record)
    .sort()
    .map((key) => `${writeText(key)}:${write(record[key], depth - 1)}`);
  return `{${members.join(',')}}`;
}

/** The canonical text of a parsed JSON value, or why it has none. */
export function canonicalJson(value: unknown): CanonicalJson {
  try {
    return { ok: true, text: write(value, DEPTH_MAX) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason };
    throw error;
  }
}

/** Whether a text is the one text of a JSON object, so that one context has one hash. */
export function isCanonicalObject(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    const canonical = canonicalJson(JSON.parse(text));
    return canonical.ok && canonical.text === text;
  } catch {
    return false;
  }
}
