/** How people write the context of a check, and tuples that hold for it only: `--context '{"ip":"10.0.0.1"}' --contextual object#relation@user`. */
import type { Context } from '../../core/authz/condition.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { usageFailure } from './failure.ts';
import { parseTuple } from './tuple-notation.ts';

/** @param text a JSON object; nothing is an empty one */
export function parseContext(text: string | undefined): Context {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usageFailure(`--context is a JSON object, for example '{"ip":"10.0.0.1"}', not "${text}".`);
  return value as Context;
}

/** @param texts tuples, each perhaps with a condition behind it: `object#relation@user if name {"region":"eu"}` */
export function parseContextual(texts: readonly string[] = []): readonly ReadTuple[] {
  return texts.map((text) => {
    const match = /^(.+?) if (\S+?)(?: (\{.*\}))?$/s.exec(text);
    if (match === null) return { tuple: parseTuple(text), condition: undefined };
    const context = canonicalJson(parseContext(match[3] ?? '{}'));
    if (!context.ok) throw usageFailure(`The condition of "${text}" has no context that can be written down: ${context.reason}.`);
    return { tuple: parseTuple(match[1] as string), condition: { name: match[2] as string, context: context.text } };
  });
}
