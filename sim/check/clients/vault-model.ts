/**
 * The sequential model of a vault: live tuples and entities, and atomic transactions over them.
 * A state is the name of what is there (contents.ts): equal contents have equal names.
 * What expires is there until a block's time reaches its expiry: every answer names its block, and so the time it was judged at.
 */
import { toHex } from '../../../core/bytes/text.ts';
import type { Question } from '../../../core/proof/statement.ts';
import type { Operation, Retention, TupleKey } from '../../../core/state/transaction.ts';
import type { Asked, Told } from '../../workload/history.ts';
import { isAskedFor } from '../../workload/questions.ts';
import type { Model, Outcome } from '../model.ts';
import { type Contents, ContentsPool, countLive, isLive, type Leaf, leafOf, liveKeys } from './contents.ts';

export interface VaultInput {
  readonly asked: Asked;
  /** Undefined where the outcome is unknown. */
  readonly told: Told | undefined;
  /** Time of the block it was answered at, or executed in; undefined where that is unknown: then nothing has expired. */
  readonly at: number | undefined;
}

/** What a transaction has made of the contents so far. */
class Draft {
  private readonly pool: ContentsPool;
  contents: Contents | undefined;

  constructor(pool: ContentsPool, contents: Contents | undefined) {
    this.pool = pool;
    this.contents = contents;
  }

  get(key: string): Leaf | undefined {
    return leafOf(this.contents, key);
  }

  set(key: string, leaf: Leaf): void {
    this.contents = this.pool.with(this.contents, key, leaf);
  }

  /** @returns whether it was there. */
  delete(key: string): boolean {
    const before = this.contents;
    this.contents = this.pool.without(before, key);
    return this.contents !== before;
  }
}

const PRESENT = '+';
/** Where the model holds what a vault keeps of its past; nothing there: everything. No read of a workload asks for it. */
export const RETENTION_KEY: string = 'r';

/** Where the model holds the newest authorization model's text. Behind a blank and its text: that it was written. */
export const MODEL_KEY: string = 'm';

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
    case 'setRetention':
      setRetention(draft, operation.retention);
      return undefined;
    case 'writeModel':
      draft.set(MODEL_KEY, { value: operation.model, expiresAt: 0 });
      draft.set(writtenModel(operation.model), { value: PRESENT, expiresAt: 0 });
      return undefined;
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

function writtenModel(model: string): string {
  return `${MODEL_KEY} ${model}`;
}

function setRetention(draft: Draft, retention: Retention): void {
  if (retention.kind === 'all') draft.delete(RETENTION_KEY);
  else draft.set(RETENTION_KEY, { value: JSON.stringify(retention), expiresAt: 0 });
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
  private readonly pool: ContentsPool = new ContentsPool();

  apply(state: string, input: VaultInput, outcome: Outcome): string | undefined {
    if (outcome === 'fail') return state;
    const { asked, told } = input;
    const contents = this.pool.named(state);
    if (asked.kind === 'transact') return this.transact(state, contents, asked.operations, input);
    if (told === undefined) return state;
    switch (told.kind) {
      case 'tuple':
        return asked.kind === 'tuple' && isLive(leafOf(contents, tupleKeyText(asked.tuple)), input.at) === told.present
          ? state
          : undefined;
      case 'entity': {
        const value = told.value === undefined ? undefined : toHex(told.value);
        if (asked.kind !== 'entity') return undefined;
        const leaf = leafOf(contents, entityKeyText(asked.key));
        return (isLive(leaf, input.at) ? leaf?.value : undefined) === value ? state : undefined;
      }
      case 'model':
        return asked.kind === 'model' && isModel(contents, asked, told.model) ? state : undefined;
      case 'list':
        return asked.kind === 'list' && sameList(contents, { resource: asked.resource, tuples: told.tuples }, input.at)
          ? state
          : undefined;
      case 'proof':
        return asked.kind === 'proof' && isShown(contents, asked.questions, told.shown, input.at) ? state : undefined;
      default:
        return undefined;
    }
  }

  observes({ asked }: VaultInput, outcome: Outcome): boolean {
    return asked.kind !== 'transact' || outcome === 'fail';
  }

  private transact(
    state: string,
    contents: Contents | undefined,
    operations: readonly Operation[],
    input: VaultInput,
  ): string | undefined {
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
    contents: Contents | undefined,
    operations: readonly Operation[],
    { told, at }: VaultInput,
    time: number | undefined,
  ): string | undefined {
    const outcome = told?.kind === 'transact' ? told.outcome : undefined;
    const live = this.pool.liveAt(contents, at);
    const draft = new Draft(this.pool, live);
    for (const [position, operation] of operations.entries()) {
      const refused = applyOperation(draft, operation, time);
      if (refused === undefined) continue;
      if (outcome === undefined) return state;
      return !outcome.ok && outcome.code === refused && outcome.operation === position ? state : undefined;
    }
    if (outcome !== undefined && !outcome.ok) return undefined;
    if (outcome?.changed !== false) return draft.contents?.name ?? '';
    return draft.contents === live ? state : undefined;
  }
}

/** Whether a proof shows to every question exactly what is there. */
function isShown(
  contents: Contents | undefined,
  questions: readonly Question[],
  shown: readonly (readonly string[])[] | undefined,
  at: number | undefined,
): boolean {
  if (shown?.length !== questions.length) return false;
  return questions.every((question, index) => {
    const expected = answerTo(contents, question, at);
    const found = shown[index] as readonly string[];
    return found.length === expected.length && found.every((name, place) => name === expected[place]);
  });
}

function isModel(
  contents: Contents | undefined,
  { id, written }: Extract<Asked, { kind: 'model' }>,
  told: string | undefined,
): boolean {
  if (id === '') return leafOf(contents, MODEL_KEY)?.value === told;
  return told === (leafOf(contents, writtenModel(written)) === undefined ? undefined : written);
}

function answerTo(contents: Contents | undefined, question: Question, at: number | undefined): readonly string[] {
  if (question.kind === 'entity') {
    const leaf = leafOf(contents, entityKeyText(question.key));
    return leaf !== undefined && isLive(leaf, at) ? [leaf.value] : [];
  }
  if (question.kind === 'model') return []; // ids follow from blocks, which the model does not have; no workload asks for them
  const names = liveKeys(contents, 't ', at).map((key) => key.slice('t '.length));
  return names.filter((name) => isAskedFor(question, name)).sort();
}

function sameList(
  contents: Contents | undefined,
  { resource, tuples }: { readonly resource: string; readonly tuples: readonly TupleKey[] },
  at: number | undefined,
): boolean {
  const expected = countLive(contents, `t ${resource}#`, at);
  return tuples.length === expected && tuples.every((tuple) => isLive(leafOf(contents, tupleKeyText(tuple)), at));
}
