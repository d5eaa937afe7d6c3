/** The committed value of a stored leaf: what its row says, with its names. */
import { encodeValue, type LeafValue } from '../merkle/value.ts';
import type { EntityLeaf, ModelLeaf, TupleLeaf } from './rows.ts';
import type { TupleKey } from './transaction.ts';

export function tupleLeaf(tuple: TupleKey, leaf: TupleLeaf): LeafValue {
  return {
    kind: 'tuple',
    resource: tuple.resource,
    relation: tuple.relation,
    subject: tuple.subject,
    conditionName: leaf.conditionName,
    conditionContext: leaf.conditionContext,
    expiresAt: leaf.expiresAt,
    version: leaf.version,
  };
}

/** @param forwardHash SHA-256 of the tuple's own value */
export function reverseLeaf(tuple: TupleKey, leaf: TupleLeaf, forwardHash: Uint8Array): LeafValue {
  return {
    kind: 'reverse',
    resource: tuple.resource,
    relation: tuple.relation,
    subject: tuple.subject,
    forwardHash,
    expiresAt: leaf.expiresAt,
    version: leaf.version,
  };
}

export function entityLeaf(key: string, leaf: EntityLeaf): LeafValue {
  return { kind: 'entity', key, value: leaf.value, expiresAt: leaf.expiresAt, version: leaf.version };
}

export function modelLeaf(id: string, { model, version }: ModelLeaf): LeafValue {
  return { kind: 'model', id, model, expiresAt: 0, version };
}

/** Canonical bytes of a tuple's leaf. */
export function tupleValue(tuple: TupleKey, leaf: TupleLeaf): Uint8Array {
  return encodeValue(tupleLeaf(tuple, leaf));
}

/** Canonical bytes of a tuple's reverse leaf. @param forwardHash SHA-256 of the tuple's own value */
export function reverseValue(tuple: TupleKey, leaf: TupleLeaf, forwardHash: Uint8Array): Uint8Array {
  return encodeValue(reverseLeaf(tuple, leaf, forwardHash));
}

/** Canonical bytes of an entity's leaf. */
export function entityValue(key: string, leaf: EntityLeaf): Uint8Array {
  return encodeValue(entityLeaf(key, leaf));
}

/** Canonical bytes of a model's leaf. */
export function modelValue(id: string, leaf: ModelLeaf): Uint8Array {
  return encodeValue(modelLeaf(id, leaf));
}
