/**
 * Operations of a transaction as JSON, in both directions: what `POST /v1/stores/{id}/transactions` takes, and what a watched block shows.
 *
 *   { "op": "write_tuple", user, relation, object, condition?: { name, context? }, expires_at? | expires_in?, on_duplicate? }
 *   { "op": "delete_tuple", user, relation, object, on_missing? }
 *   { "op": "set_entity", key, value: base64, expires_at? | expires_in?, precondition? }
 *   { "op": "delete_entity", key, precondition? }
 *   precondition: { "must_not_exist": true } · { "must_exist": true } · { "version_equals": height } · { "value_equals": base64 }
 *
 * Unknown fields are refused: a misspelt precondition that was ignored would be no precondition. What names and sizes may be,
 * admission says, as everywhere.
 */
import { toBase64 } from '../../core/bytes/base64.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import type { Height } from '../../core/ids.ts';
import { Fields } from '../../core/proof/json-fields.ts';
import type { EntityCondition, Operation, TupleCondition, TupleKey } from '../../core/state/transaction.ts';
import { HttpError } from './errors.ts';
import { expiryOf, expiryText } from './expiry.ts';
import { retentionText } from './retention-text.ts';

const EXPIRY = ['expires_at', 'expires_in'] as const;
const TUPLE = ['op', 'user', 'relation', 'object'] as const;
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  write_tuple: [...TUPLE, ...EXPIRY, 'condition', 'on_duplicate'],
  delete_tuple: [...TUPLE, 'on_missing'],
  set_entity: ['op', 'key', 'value', ...EXPIRY, 'precondition'],
  delete_entity: ['op', 'key', 'precondition'],
};
const PRECONDITIONS = ['must_not_exist', 'must_exist', 'version_equals', 'value_equals'] as const;

/** Reads one operation. @param name as refusals call it */
export function operationFrom(value: unknown, name: string): Operation {
  const fields = new Fields(value, name);
  const op = fields.any('op');
  const known = typeof op === 'string' && Object.hasOwn(FIELDS, op) ? FIELDS[op] : undefined;
  if (known === undefined) {
    throw refusal(fields.problem ?? `${name}.op is one of ${Object.keys(FIELDS).join(', ')}, not ${JSON.stringify(op)}`);
  }
  refuseUnknown(value, known, name);
  const operation = operationOf(op as string, fields, name);
  if (fields.problem !== undefined) throw refusal(fields.problem);
  return operation;
}

function operationOf(op: string, fields: Fields, name: string): Operation {
  switch (op) {
    case 'write_tuple':
      return {
        op: 'writeTuple',
        tuple: tupleOf(fields),
        condition: conditionOf(fields.any('condition'), `${name}.condition`),
        expiresAt: expiry(fields, name),
        onDuplicate: orError(fields, 'on_duplicate'),
      };
    case 'delete_tuple':
      return { op: 'deleteTuple', tuple: tupleOf(fields), onMissing: orError(fields, 'on_missing') };
    case 'set_entity':
      return {
        op: 'setEntity',
        key: fields.text('key'),
        value: fields.base64('value'),
        expiresAt: expiry(fields, name),
        condition: preconditionOf(fields.any('precondition'), `${name}.precondition`),
      };
    default:
      return {
        op: 'deleteEntity',
        key: fields.text('key'),
        condition: preconditionOf(fields.any('precondition'), `${name}.precondition`),
      };
  }
}

function tupleOf(fields: Fields): TupleKey {
  return { resource: fields.text('object'), relation: fields.text('relation'), subject: fields.text('user') };
}

function expiry(fields: Fields, name: string): number {
  return expiryOf({ expires_at: fields.any('expires_at'), expires_in: fields.any('expires_in') }, name);
}

function orError(fields: Fields, field: string): 'error' | 'ignore' {
  const value = fields.any(field) ?? 'error';
  if (value === 'error' || value === 'ignore') return value;
  fields.refuse(field, 'is "error" or "ignore"');
  return 'error';
}

/** A condition as OpenFGA writes it; its context gets the one text that is hashed. */
export function conditionOf(value: unknown, name: string): TupleCondition | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = new Fields(value, name);
  const conditionName = fields.text('name');
  if (fields.problem !== undefined) throw refusal(fields.problem);
  if (conditionName === '') return undefined;
  const context = canonicalJson(fields.any('context') ?? {});
  if (context.ok) return { name: conditionName, context: context.text };
  throw new HttpError(400, 'validation_error', `The condition context has no canonical form (${context.reason}).`);
}

/** What must hold of an entity for the operation to be applied. */
function preconditionOf(value: unknown, name: string): EntityCondition | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = new Fields(value, name);
  refuseUnknown(value, PRECONDITIONS, name);
  const given = PRECONDITIONS.filter((kind) => fields.has(kind));
  const [kind] = given;
  if (kind === undefined || given.length > 1) throw refusal(`${name} has not exactly one of ${PRECONDITIONS.join(', ')}`);
  const condition = preconditionAs(kind, fields);
  if (fields.problem !== undefined) throw refusal(fields.problem);
  return condition;
}

function preconditionAs(kind: (typeof PRECONDITIONS)[number], fields: Fields): EntityCondition {
  switch (kind) {
    case 'version_equals':
      return { kind: 'versionEquals', version: fields.count(kind) as Height };
    case 'value_equals':
      return { kind: 'valueEquals', value: fields.base64(kind) };
    default:
      if (fields.any(kind) !== true) fields.refuse(kind, 'is true where it is there');
      return { kind: kind === 'must_exist' ? 'mustExist' : 'mustNotExist' };
  }
}

function refuseUnknown(value: unknown, known: readonly string[], name: string): void {
  for (const field of typeof value === 'object' && value !== null ? Object.keys(value) : []) {
    if (!known.includes(field)) throw refusal(`${name} holds the unknown field ${JSON.stringify(field)}`);
  }
}

function refusal(message: string): HttpError {
  return new HttpError(400, 'validation_error', `${message}.`);
}

/** An operation as it stands in a block. */
export type OperationJson = Readonly<Record<string, unknown>> & { readonly op: string };

export function operationJson(operation: Operation): OperationJson {
  switch (operation.op) {
    case 'writeTuple': {
      const { tuple, condition, expiresAt, onDuplicate } = operation;
      return {
        op: 'write_tuple',
        ...tupleJson(tuple),
        ...(condition === undefined ? {} : { condition: { name: condition.name, context: JSON.parse(condition.context) } }),
        ...expiryJson(expiresAt),
        on_duplicate: onDuplicate,
      };
    }
    case 'deleteTuple':
      return { op: 'delete_tuple', ...tupleJson(operation.tuple), on_missing: operation.onMissing };
    case 'setEntity': {
      const { key, value, expiresAt, condition } = operation;
      return { op: 'set_entity', key, value: toBase64(value), ...expiryJson(expiresAt), ...preconditionJson(condition) };
    }
    case 'deleteEntity':
      return { op: 'delete_entity', key: operation.key, ...preconditionJson(operation.condition) };
    case 'setRetention':
      return { op: 'set_retention', retention: retentionText(operation.retention) };
    case 'writeModel':
      return { op: 'write_model', model: JSON.parse(operation.model) as unknown };
  }
}

function tupleJson({ resource, relation, subject }: TupleKey): {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
} {
  return { user: subject, relation, object: resource };
}

function expiryJson(expiresAt: number): { readonly expires_at?: string } {
  const text = expiryText(expiresAt);
  return text === undefined ? {} : { expires_at: text };
}

function preconditionJson(condition: EntityCondition | undefined): { readonly precondition?: unknown } {
  switch (condition?.kind) {
    case undefined:
      return {};
    case 'mustNotExist':
      return { precondition: { must_not_exist: true } };
    case 'mustExist':
      return { precondition: { must_exist: true } };
    case 'versionEquals':
      return { precondition: { version_equals: condition.version } };
    case 'valueEquals':
      return { precondition: { value_equals: toBase64(condition.value) } };
  }
}
