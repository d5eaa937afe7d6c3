/**
 * The sequential model of a vault: live tuples and entities, and atomic transactions over them.
 * A state is the sorted list of what is there, as text; parsed states are kept, because the checker meets each many times.
 */
import { toHex } from '../../../core/bytes/text.ts';
import type { Operation, TransactionOutcome, TupleKey } from '../../../core/state/transaction.ts';
import type { Asked, Told } from '../../workload/history.ts';
import type { Model, Outcome } from '../model.ts';

export interface VaultInput {
  readonly asked: Asked;
  /** Undefined where the outcome is unknown. */
  readonly told: Told | undefined;
}

type Contents = ReadonlyMap<string, string>;
type Draft = Map<string, string>;

const PRESENT = '+';

export function tupleKeyText(tuple: TupleKey): string {
  return `t ${tuple.resource}#${tuple.relation}@${tuple.subject}`;
}
export function entityKeyText(key: string): string {
  return `e ${key}`;
}

/** Why the operation cannot be applied, or undefined once the draft has it. */
function applyOperation(draft: Draft, operation: Operation): string | undefined {
  switch (operation.op) {
    case 'writeTuple': {
      const key = tupleKeyText(operation.tuple);
      if (draft.has(key)) return operation.onDuplicate === 'error' ? 'tuple_exists' : undefined;
      draft.set(key, PRESENT);
      return undefined;
    }
    case 'deleteTuple': {
      const removed = draft.delete(tupleKeyText(operation.tuple));
      return removed || operation.onMissing === 'ignore' ? undefined : 'tuple_missing';
    }
    case 'setEntity':
    case 'deleteEntity': {
      const key = entityKeyText(operation.key);
      const refused = refusal(operation.condition, draft.get(key));
      if (refused !== undefined) return refused;
      if (operation.op === 'setEntity') draft.set(key, toHex(operation.value));
      else draft.delete(key);
      return undefined;
    }
  }
}

function refusal(
  condition: Extract<Operation, { op: 'setEntity' }>['condition'],
  present: string | undefined,
): string | undefined {
  switch (condition?.kind) {
    case 'mustNotExist':
      return present === undefined ? undefined : 'entity_exists';
    case 'mustExist':
      return present === undefined ? 'entity_missing' : undefined;
    case 'valueEquals':
      return present === toHex(condition.value) ? undefined : 'value_differs';
    default:
      return undefined; // versions are block heights, which the model does not have; no workload asks for them
  }
}

export class VaultModel implements Model<VaultInput> {
  readonly initial: string = '';
  private readonly parsed: Map<string, Contents> = new Map([['', new Map()]]);

  apply(state: string, input: VaultInput, outcome: Outcome): string | undefined {
    if (outcome === 'fail') return state;
    const { asked, told } = input;
    const contents = this.parsed.get(state) as Contents;
    if (asked.kind === 'transact')
      return this.transact(state, contents, asked.operations, told?.kind === 'transact' ? told.outcome : undefined);
    if (told === undefined) return state;
    switch (told.kind) {
      case 'tuple':
        return asked.kind === 'tuple' && contents.has(tupleKeyText(asked.tuple)) === told.present ? state : undefined;
      case 'entity': {
        const value = told.value === undefined ? undefined : toHex(told.value);
        return asked.kind === 'entity' && contents.get(entityKeyText(asked.key)) === value ? state : undefined;
      }
      case 'list':
        return asked.kind === 'list' && sameList(contents, asked.resource, told.tuples) ? state : undefined;
      default:
        return undefined;
    }
  }

  observes({ asked }: VaultInput, outcome: Outcome): boolean {
    return asked.kind !== 'transact' || outcome === 'fail';
  }

  private transact(
    state: string,
    contents: Contents,
    operations: readonly Operation[],
    outcome: TransactionOutcome | undefined,
  ): string | undefined {
    const draft: Draft = new Map(contents);
    for (const [position, operation] of operations.entries()) {
      const refused = applyOperation(draft, operation);
      if (refused === undefined) continue;
      if (outcome === undefined) return state;
      return !outcome.ok && outcome.code === refused && outcome.operation === position ? state : undefined;
    }
    if (outcome !== undefined && !outcome.ok) return undefined;
    return this.remember(draft);
  }

  private remember(draft: Draft): string {
    const keys = [...draft.keys()].sort();
    const text = keys.map((key) => `${key}=${draft.get(key)}`).join('\n');
    if (!this.parsed.has(text)) this.parsed.set(text, draft);
    return text;
  }
}

function sameList(contents: Contents, resource: string, tuples: readonly TupleKey[]): boolean {
  const prefix = `t ${resource}#`;
  let expected = 0;
  for (const key of contents.keys()) if (key.startsWith(prefix)) expected += 1;
  return tuples.length === expected && tuples.every((tuple) => contents.has(tupleKeyText(tuple)));
}
