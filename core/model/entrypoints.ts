/**
 * Relations that somebody could have at all: a tuple that names a plain subject or a wildcard leads to each of them. The least fixpoint, so relations
 * that only lead to one another are none. As in OpenFGA, both sides of an exclusion need an entrypoint.
 */
import { unreachable } from '../assert.ts';
import { type Model, type Relation, type Rewrite, relationOf } from './model.ts';

/** @returns names, `type#relation` */
export function entrypointsOf(model: Model): ReadonlySet<string> {
  const found = new Set<string>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const [type, { relations }] of model.types) {
      for (const relation of relations.values()) {
        if (isEntered(model, found, { type, relation, rewrite: relation.rewrite })) found.add(`${type}#${relation.name}`);
      }
    }
  }
  return found;
}

interface Part {
  readonly type: string;
  readonly relation: Relation;
  readonly rewrite: Rewrite;
}

function isEntered(model: Model, found: ReadonlySet<string>, { type, relation, rewrite }: Part): boolean {
  const isPartEntered = (part: Rewrite): boolean => isEntered(model, found, { type, relation, rewrite: part });
  switch (rewrite.kind) {
    case 'this':
      return relation.directTypes.some((direct) => direct.relation === '' || found.has(`${direct.type}#${direct.relation}`));
    case 'computed':
      return found.has(`${type}#${rewrite.relation}`);
    case 'tupleToUserset': {
      const parents = relationOf(model, type, rewrite.tupleset)?.directTypes ?? [];
      return parents.some((direct) => found.has(`${direct.type}#${rewrite.computed}`));
    }
    case 'union':
      return rewrite.children.some(isPartEntered);
    case 'intersection':
      return rewrite.children.every(isPartEntered);
    case 'exclusion':
      return isPartEntered(rewrite.base) && isPartEntered(rewrite.subtract);
    default:
      return unreachable(rewrite);
  }
}
