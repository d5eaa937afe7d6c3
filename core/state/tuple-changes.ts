/**
 * What became of the tuples of a vault, out of its transactions, in the order of writing. A transaction says what was asked; an ignored
 * duplicate or missing tuple changed nothing. So a tuple that a block asks about for the first time is looked up as the block before it
 * left it, at this block's time, and from there on its operations are followed. Therefore changes are told from the block behind the
 * oldest one that can be read: what was there then can be listed, and what came after it is here.
 * What expires is not told: a tuple says when it does.
 */
import { assert } from '../assert.ts';
import type { ChangePlace, ModelQuery, TupleChange } from '../client/model-protocol.ts';
import type { ClientResult } from '../client/protocol.ts';
import { type Height, type Micros, plus } from '../ids.ts';
import { CHANGES_SCAN_MAX, LIST_ROWS_MAX, TRANSACTION_OPERATIONS_MAX } from '../limits.ts';
import { isLive } from '../merkle/value.ts';
import type { Leaves } from './leaves.ts';
import { rowAt } from './past.ts';
import { prunedResult } from './results.ts';
import { oldestHeight } from './retention.ts';
import { rowExpiresAt } from './rows.ts';
import type { Operation, TupleKey } from './transaction.ts';
import { decodeLedgerTransaction } from './transaction-codec.ts';
import type { VaultView } from './vault-view.ts';

type ChangesQuery = Extract<ModelQuery, { kind: 'changes' }>;
type TupleOperation = Extract<Operation, { op: 'writeTuple' | 'deleteTuple' }>;

/** Places of a transaction's operations. In cursors that clients keep: not to be changed. */
const PLACES = 1024;
assert(TRANSACTION_OPERATIONS_MAX < PLACES, 'every operation of a transaction has its place');
/** In front of all of a block. */
const FRONT = 0;

export function listChanges(view: VaultView, { type, after, limit }: ChangesQuery): ClientResult {
  const floor = oldestHeight(view.vault);
  const isStart = after.height === 0;
  if (!isStart && after.height <= floor) return prunedResult(floor);
  const page = new Page(view, type === '' ? '' : `${type}:`, Math.max(1, Math.min(limit, LIST_ROWS_MAX)));
  return page.from(isStart ? { height: plus(floor, 1), position: FRONT } : after);
}

class Page {
  private readonly view: VaultView;
  private readonly prefix: string;
  private readonly rowsMax: number;
  private readonly changes: TupleChange[] = [];
  /** Transactions and operations that were looked at. */
  private read: number = 0;

  constructor(view: VaultView, prefix: string, rowsMax: number) {
    this.view = view;
    this.prefix = prefix;
    this.rowsMax = rowsMax;
  }

  /** @param start what stands at or before it is passed over */
  from(start: ChangePlace): ClientResult {
    const { anchor, height: newest } = this.view;
    let { height } = start;
    for (; height <= newest; height = plus(height, 1)) {
      const next = this.block(height, height === start.height ? start.position : FRONT);
      if (next !== undefined) return { kind: 'changes', changes: this.changes, next, more: true, anchor };
    }
    return { kind: 'changes', changes: this.changes, next: { height, position: FRONT }, more: false, anchor };
  }

  /** @returns where to go on where the page is over before the block is. */
  private block(height: Height, after: number): ChangePlace | undefined {
    const follower = new Follower(this.view, height);
    for (const [place, bytes] of this.view.vault.transactionsAt(height).entries()) {
      const first = place * PLACES;
      const isPassed = first + PLACES <= after;
      if (this.read >= CHANGES_SCAN_MAX && !isPassed) return { height, position: Math.max(first, after) };
      const operations = operationsOf(bytes);
      if (!isPassed) this.read += 1 + operations.length;
      for (const [index, operation] of operations.entries()) {
        if (!isOfTuple(operation)) continue;
        const position = first + index + 1;
        if (position <= after) follower.pass(operation);
        else if (follower.changes(operation) && operation.tuple.resource.startsWith(this.prefix)) {
          if (this.changes.length === this.rowsMax) return { height, position: position - 1 };
          this.changes.push({ height, position, time: follower.time, ...changeOf(operation) });
        }
      }
    }
    return undefined;
  }
}

function operationsOf(bytes: Uint8Array): readonly Operation[] {
  const decoded = decodeLedgerTransaction(bytes);
  assert(decoded.ok, 'a transaction of a block decodes');
  return decoded.value.kind === 'transact' ? decoded.value.transaction.operations : [];
}

function isOfTuple(operation: Operation): operation is TupleOperation {
  return operation.op === 'writeTuple' || operation.op === 'deleteTuple';
}

function changeOf(operation: TupleOperation): Omit<TupleChange, 'height' | 'position' | 'time'> {
  const { tuple } = operation;
  if (operation.op === 'deleteTuple') return { operation: 'delete', tuple, condition: undefined, expiresAt: 0 };
  const { condition, expiresAt } = operation;
  return { operation: 'write', tuple, condition, expiresAt };
}

/** Which tuples are there while the operations of one block go by: all of them were applied, in this order. */
class Follower {
  /** Of the block: what expired at or before it was not there. */
  readonly time: Micros;
  private readonly leaves: Leaves;
  private readonly before: Height;
  /** By name: whether the tuple is there behind the operations so far. */
  private readonly present: Map<string, boolean> = new Map();

  constructor({ vault }: VaultView, height: Height) {
    this.leaves = vault.leaves;
    this.time = vault.timeAt(height);
    this.before = plus(height, -1);
  }

  /** @returns whether the operation changes something. */
  changes(operation: TupleOperation): boolean {
    const name = nameOf(operation.tuple);
    const isWrite = operation.op === 'writeTuple';
    const isThere = this.present.get(name) ?? this.wasThere(operation);
    this.pass(operation);
    return isThere !== isWrite;
  }

  /** What was ignored left a tuple that expires when this one does. */
  pass(operation: TupleOperation): void {
    this.present.set(nameOf(operation.tuple), operation.op === 'writeTuple' && isLive(operation.expiresAt, this.time));
  }

  /** As the block found the tuple. One that was not to be ignored could not have been applied otherwise. */
  private wasThere(operation: TupleOperation): boolean {
    if (operation.op === 'writeTuple' ? operation.onDuplicate === 'error' : operation.onMissing === 'error') {
      return operation.op === 'deleteTuple';
    }
    const row = rowAt(this.leaves, this.leaves.keys.tuple(operation.tuple), this.before);
    return row !== undefined && isLive(rowExpiresAt(row), this.time);
  }
}

/** Names hold no control characters, so U+0000 parts them. */
function nameOf(tuple: TupleKey): string {
  return `${tuple.resource}\0${tuple.relation}\0${tuple.subject}`;
}
