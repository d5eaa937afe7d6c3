/** Relations whose tuples lead from an object to others of which something follows ("viewer from parent": parent). */
import { unreachable } from '../assert.ts';
import type { Model, Rewrite } from './model.ts';

/** Every part of a rewrite, itself first. */
export function partsOf(rewrite: Rewrite): readonly Rewrite[] {
  switch (rewrite.kind) {
    case 'this':
    case 'computed':
    case 'tupleToUserset':
      return [rewrite];
    case 'union':
    case 'intersection':
      return [rewrite, ...rewrite.children.flatMap(partsOf)];
    case 'exclusion':
      return [rewrite, ...partsOf(rewrite.base), ...partsOf(rewrite.subtract)];
    default:
      return unreachable(rewrite);
  }
}

const known: WeakMap<Model, ReadonlySet<string>> = new WeakMap();

function tuplesetsOf(model: Model): ReadonlySet<string> {
  const found = known.get(model);
  if (found !== undefined) return found;
  const names = new Set<string>();
  for (const [type, { relations }] of model.types) {
    for (const { rewrite } of relations.values()) {
      for (const part of partsOf(rewrite)) if (part.kind === 'tupleToUserset') names.add(`${type}#${part.tupleset}`);
    }
  }
  known.set(model, names);
  return names;
}

/** Whether a relation of the type is a tupleset of some rewrite. */
export function isTupleset(model: Model, type: string, relation: string): boolean {
  return tuplesetsOf(model).has(`${type}#${relation}`);
}
