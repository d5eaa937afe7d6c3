/**
 * The sequential model of a vault: live tuples and entities, and atomic transactions over them.
 * A state is the sorted list of what is there, as text; parsed states are kept, because the checker meets each many times.
 * What expires is there until a block's time reaches its expiry: every answer names its block, and so the time it was judged at.
 */
import { toHex } from '../../../core/bytes/text.ts';
import type { Operation, TupleKey } from '../../../core/state/transaction.ts';
import type { Asked, Told } from '../../workload/history.ts';
import type { Model, Outcome } from '../model.ts';

export interface VaultInput {
  readonly asked: Asked;
  /** Undefined where the outcome is unknown. */
  readonly told: Told | undefined;
  /** Time of the block it was answered at, or executed in; undefined where that is unknown: then nothing has expired. */
  readonly at: number | undefined;
}

interface Leaf {
  readonly value: string;
  /** 0 = never. */
  readonly expiresAt: number;
}

type Contents = ReadonlyMap<string, Leaf>;
type Draft = Map<string, Leaf>;

const PRESENT = '+';

export function tupleKeyText(tuple: TupleKey): string {
  return `t ${tuple.resource}#${tuple.relation}@${tuple.subject}`;
}
export function entityKeyText(key: string): string {
  return `e ${key}`;
}

/** Why the operation cannot be applied, or undefined once the draft has it. */
function applyOperation(draft: Draft, operation: Operation, at: number | undefined): string | undefined {
  switch (operation.op) {
    case 'writeTuple': {
      const key = tupleKeyText(operation.tuple);
      const { expiresAt } = operation;
      const present = draft.get(key);
      if (present === undefined) put(draft, key, { value: PRESENT, expiresAt }, at);
      else if (operation.onDuplicate === 'error') return 'tuple_exists';
      else if (present.expiresAt !== expiresAt) return 'tuple_condition_differs';
      return undefined;
    }
    case 'deleteTuple': {
      const removed = draft.delete(tupleKeyText(operation.tuple));
      return removed || operation.onMissing === 'ignore' ? undefined : 'tuple_missing';
    }
    case 'setEntity':
    case 'deleteEntity': {
      const key = entityKeyText(operation.key);
      const refused = refusal(operation.condition, draft.get(key)?.value);
      if (refused !== undefined) return refused;
      if (operation.op === 'setEntity') put(draft, key, { value: toHex(operation.value), expiresAt: operation.expiresAt }, at);
      else draft.delete(key);
      return undefined;
    }
  }
}

/** What is dead when it is written is not there for the next operation. */
function put(draft: Draft, key: string, leaf: Leaf, at: number | undefined): void {
  if (isLive(leaf, at)) draft.set(key, leaf);
  else draft.delete(key);
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
    if (asked.kind === 'transact') return this.transact(state, contents, asked.operations, input);
    if (told === undefined) return state;
    switch (told.kind) {
      case 'tuple':
        return asked.kind === 'tuple' && isLive(contents.get(tupleKeyText(asked.tuple)), input.at) === told.present
          ? state
          : undefined;
      case 'entity': {
        const value = told.value === undefined ? undefined : toHex(told.value);
        if (asked.kind !== 'entity') return undefined;
        const leaf = contents.get(entityKeyText(asked.key));
        return (isLive(leaf, input.at) ? leaf?.value : undefined) === value ? state : undefined;
      }
      case 'list':
        return asked.kind === 'list' && sameList(contents, asked.resource, told.tuples, input.at) ? state : undefined;
      default:
        return undefined;
    }
  }

  observes({ asked }: VaultInput, outcome: Outcome): boolean {
    return asked.kind !== 'transact' || outcome === 'fail';
  }

  private transact(state: string, contents: Contents, operations: readonly Operation[], input: VaultInput): string | undefined {
    const { told, at } = input;
    const outcome = told?.kind === 'transact' ? told.outcome : undefined;
    if (at === undefined || (outcome?.ok === true && outcome.changed))
      return this.transactAt(state, contents, operations, input, at);
    // It left no block: its own time lies between its anchor's and the next block's, and may outlive what it wrote itself.
    const ends = operations.flatMap((operation) =>
      'expiresAt' in operation && operation.expiresAt > at ? [operation.expiresAt] : [],
    );
    for (const time of [at, ...ends]) {
      const next = this.transactAt(state, contents, operations, input, time);
      if (next !== undefined) return next;
    }
    return undefined;
  }

  /** @param time at which its own writes live or not; what was there before is judged at `input.at`. */
  private transactAt(
    state: string,
    contents: Contents,
    operations: readonly Operation[],
    { told, at }: VaultInput,
    time: number | undefined,
  ): string | undefined {
    const outcome = told?.kind === 'transact' ? told.outcome : undefined;
    const draft = liveAt(contents, at);
    for (const [position, operation] of operations.entries()) {
      const refused = applyOperation(draft, operation, time);
      if (refused === undefined) continue;
      if (outcome === undefined) return state;
      return !outcome.ok && outcome.code === refused && outcome.operation === position ? state : undefined;
    }
    if (outcome !== undefined && !outcome.ok) return undefined;
    const next = this.remember(draft);
    if (outcome?.changed !== false) return next;
    return next === this.remember(liveAt(contents, at)) ? state : undefined;
  }

  private remember(draft: Draft): string {
    const keys = [...draft.keys()].sort();
    const text = keys.map((key) => `${key}=${draft.get(key)?.value} ${draft.get(key)?.expiresAt}`).join('\n');
    if (!this.parsed.has(text)) this.parsed.set(text, draft);
    return text;
  }
}

function isLive(leaf: Leaf | undefined, at: number | undefined): boolean {
  return leaf !== undefined && (leaf.expiresAt === 0 || at === undefined || at < leaf.expiresAt);
}

function liveAt(contents: Contents, at: number | undefined): Draft {
  const live: Draft = new Map();
  for (const [key, leaf] of contents) if (isLive(leaf, at)) live.set(key, leaf);
  return live;
}

function sameList(contents: Contents, resource: string, tuples: readonly TupleKey[], at: number | undefined): boolean {
  const prefix = `t ${resource}#`;
  let expected = 0;
  for (const [key, leaf] of contents) if (key.startsWith(prefix) && isLive(leaf, at)) expected += 1;
  return tuples.length === expected && tuples.every((tuple) => isLive(contents.get(tupleKeyText(tuple)), at));
}
