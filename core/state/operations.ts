/** What each operation of a transaction demands and does. Source: 50-authorization (write: on_duplicate, on_missing), 00-overview (entities). */
import { unreachable } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { EntityLeaf } from './rows.ts';
import type { Stage } from './stage.ts';
import type { EntityCondition, Operation, RejectCode, Transaction } from './transaction.ts';

type WriteTuple = Extract<Operation, { op: 'writeTuple' }>;
type DeleteTuple = Extract<Operation, { op: 'deleteTuple' }>;

function writeTuple(stage: Stage, operation: WriteTuple): RejectCode | undefined {
  const { tuple, condition, expiresAt } = operation;
  const conditionName = condition === undefined ? '' : condition.name;
  const conditionContext = condition === undefined ? '' : condition.context;
  const present = stage.tuple(tuple);
  if (present === undefined) {
    stage.setTuple(tuple, { conditionName, conditionContext, expiresAt, version: stage.height });
    return undefined;
  }
  if (operation.onDuplicate === 'error') return 'tuple_exists';
  const same =
    present.conditionName === conditionName && present.conditionContext === conditionContext && present.expiresAt === expiresAt;
  return same ? undefined : 'tuple_condition_differs';
}

function deleteTuple(stage: Stage, operation: DeleteTuple): RejectCode | undefined {
  if (stage.tuple(operation.tuple) === undefined) {
    return operation.onMissing === 'error' ? 'tuple_missing' : undefined;
  }
  stage.setTuple(operation.tuple, undefined);
  return undefined;
}

/** Why a precondition does not hold, if so. An absent entity has version 0 and equals no value. */
function refusal(condition: EntityCondition | undefined, present: EntityLeaf | undefined): RejectCode | undefined {
  if (condition === undefined) return undefined;
  switch (condition.kind) {
    case 'mustNotExist':
      return present === undefined ? undefined : 'entity_exists';
    case 'mustExist':
      return present === undefined ? 'entity_missing' : undefined;
    case 'versionEquals':
      return (present === undefined ? 0 : present.version) === condition.version ? undefined : 'version_differs';
    case 'valueEquals':
      return present !== undefined && equalBytes(present.value, condition.value) ? undefined : 'value_differs';
    default:
      return unreachable(condition);
  }
}

function applyOperation(stage: Stage, operation: Operation): RejectCode | undefined {
  switch (operation.op) {
    case 'writeTuple':
      return writeTuple(stage, operation);
    case 'deleteTuple':
      return deleteTuple(stage, operation);
    case 'setEntity': {
      const refused = refusal(operation.condition, stage.entity(operation.key));
      if (refused !== undefined) return refused;
      const { key, value, expiresAt } = operation;
      stage.setEntity(key, { value, expiresAt, version: stage.height });
      return undefined;
    }
    case 'deleteEntity': {
      const present = stage.entity(operation.key);
      const refused = refusal(operation.condition, present);
      if (refused === undefined && present !== undefined) stage.setEntity(operation.key, undefined);
      return refused;
    }
    case 'setRetention':
      stage.setRetention(operation.retention);
      return undefined;
    case 'writeModel':
      stage.setModel(operation.model);
      return undefined;
    default:
      return unreachable(operation);
  }
}

/** Stages a transaction's operations in order; stops at the first that cannot be applied. */
export function stageTransaction(
  stage: Stage,
  transaction: Transaction,
): { readonly code: RejectCode; readonly operation: number } | undefined {
  for (let index = 0; index < transaction.operations.length; index += 1) {
    const code = applyOperation(stage, transaction.operations[index] as Operation);
    if (code !== undefined) return { code, operation: index };
  }
  return undefined;
}
