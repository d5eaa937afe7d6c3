/** A model as the JSON that it would be read from. */
import type { Condition, DirectType, Model, Rewrite } from '../../core/model/model.ts';

function rewriteJson(rewrite: Rewrite): unknown {
  switch (rewrite.kind) {
    case 'this':
      return { this: {} };
    case 'computed':
      return { computedUserset: { relation: rewrite.relation } };
    case 'tupleToUserset':
      return { tupleToUserset: { tupleset: { relation: rewrite.tupleset }, computedUserset: { relation: rewrite.computed } } };
    case 'union':
    case 'intersection':
      return { [rewrite.kind]: { child: rewrite.children.map(rewriteJson) } };
    default:
      return { difference: { base: rewriteJson(rewrite.base), subtract: rewriteJson(rewrite.subtract) } };
  }
}

function directJson({ type, relation, wildcard, condition }: DirectType): unknown {
  return {
    type,
    ...(relation === '' ? {} : { relation }),
    ...(wildcard ? { wildcard: {} } : {}),
    ...(condition === '' ? {} : { condition }),
  };
}

function conditionJson({ name, expression }: Condition): unknown {
  return { name, expression, parameters: {} };
}

export function modelJson({ types, conditions }: Model): unknown {
  return {
    schema_version: '1.1',
    type_definitions: [...types.values()].map(({ name, relations }) => ({
      type: name,
      relations: Object.fromEntries([...relations.values()].map((one) => [one.name, rewriteJson(one.rewrite)])),
      metadata: {
        relations: Object.fromEntries(
          [...relations.values()].map((one) => [one.name, { directly_related_user_types: one.directTypes.map(directJson) }]),
        ),
      },
    })),
    conditions: Object.fromEntries([...conditions.values()].map((one) => [one.name, conditionJson(one)])),
  };
}
