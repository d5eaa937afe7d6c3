/**
 * A relation that a model refers to and does not define. Nodes take in no such model; a made-up proof may hold one, and a reference into
 * the void fails without a read, again for each way that leads to it: more often than can be counted.
 */
import { unreachable } from '../assert.ts';
import type { Model, Rewrite, TypeDefinition } from '../model/model.ts';

/** The first of them, in words. */
export function danglingRelation({ types }: Model): string | undefined {
  for (const type of types.values()) {
    for (const { name, rewrite } of type.relations.values()) {
      const missing = missingIn(type, rewrite);
      if (missing !== undefined) return `'${type.name}#${name}' rests on '${missing}', which '${type.name}' does not have`;
    }
  }
  return undefined;
}

function missingIn(type: TypeDefinition, rewrite: Rewrite): string | undefined {
  const missing = (relation: string): string | undefined => (type.relations.has(relation) ? undefined : relation);
  switch (rewrite.kind) {
    case 'this':
      return undefined;
    case 'computed':
      return missing(rewrite.relation);
    case 'tupleToUserset':
      return missing(rewrite.tupleset);
    case 'union':
    case 'intersection':
      return firstOf(rewrite.children, (child) => missingIn(type, child));
    case 'exclusion':
      return missingIn(type, rewrite.base) ?? missingIn(type, rewrite.subtract);
    default:
      return unreachable(rewrite);
  }
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
