/**
 * Executes the transactions of a chain anew. A block holds only what was applied and changed something, so here everything has to
 * succeed and to change something; the first that does not is a block that no honest node sealed.
 * Source: docs/reference/formats.md, "Transaction"; the rules are those of core/state/operations.ts, written a second time.
 */
import { unreachable } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import type { Height, Micros } from '../ids.ts';
import { EXPIRE_LEAVES_MAX } from '../limits.ts';
import { isLive } from '../merkle/value.ts';
import { modelIdOf } from '../state/model-id.ts';
import { isSameRetention, KEEP_ALL } from '../state/retention-code.ts';
import type { EntityLeaf } from '../state/rows.ts';
import type { EntityCondition, Operation, Retention, Transaction, TupleKey } from '../state/transaction.ts';
import { LeafState, nameOf, type TupleState } from './leaf-state.ts';

/** The block in the making. */
export interface BlockMoment {
  readonly height: Height;
  /** Microseconds since 1970: what expires at or before it is absent. */
  readonly time: Micros;
  /** Of the transaction, in the block. */
  readonly position: number;
}

/** Why something cannot have happened: a part of a sentence; undefined: it can. */
export type Problem = string | undefined;

export class Executor {
  readonly leaves: LeafState;
  private retention: Retention = KEEP_ALL;

  private readonly hasher: Hasher;
  /** Its 16 bytes. */
  private readonly vault: Uint8Array;

  /** @param made.reverse whether every tuple has a reverse leaf: what the creation of the vault said. */
  constructor(hasher: Hasher, made: { readonly vault: Uint8Array; readonly reverse: boolean }) {
    this.hasher = hasher;
    this.vault = made.vault;
    this.leaves = new LeafState(hasher, made.reverse);
  }

  expire({ time }: BlockMoment): Problem {
    return this.leaves.removeDue(time, EXPIRE_LEAVES_MAX) > 0 ? undefined : 'it expires what is not there';
  }

  transact(transaction: Transaction, moment: BlockMoment): Problem {
    const attempt = new Attempt(this.leaves, moment);
    for (const [at, operation] of transaction.operations.entries()) {
      const problem = attempt.apply(operation);
      if (problem !== undefined) return `its operation ${at} ${problem}`;
    }
    const isChanged = attempt.commit();
    const isOtherwise = this.retain(attempt.retention);
    if (attempt.model !== undefined) {
      const { height: version } = moment;
      this.leaves.putModel(modelIdOf(this.hasher, { vault: this.vault, ...moment }), { model: attempt.model, version });
    }
    return isChanged || isOtherwise || attempt.model !== undefined ? undefined : 'it changes nothing';
  }

  /** @returns whether that is news. */
  private retain(retention: Retention | undefined): boolean {
    if (retention === undefined || isSameRetention(retention, this.retention)) return false;
    this.retention = retention;
    return true;
  }
}

/** leaf undefined: removed. */
interface WrittenTuple {
  readonly tuple: TupleKey;
  readonly leaf: TupleState | undefined;
}

/** One transaction: later operations see earlier ones, and what is written counts once, as it ends. */
class Attempt {
  private readonly leaves: LeafState;
  private readonly moment: BlockMoment;
  private readonly tuples: Map<string, WrittenTuple> = new Map();
  private readonly entities: Map<string, EntityLeaf | undefined> = new Map();
  retention: Retention | undefined = undefined;
  model: string | undefined = undefined;

  constructor(leaves: LeafState, moment: BlockMoment) {
    this.leaves = leaves;
    this.moment = moment;
  }

  apply(operation: Operation): Problem {
    switch (operation.op) {
      case 'writeTuple':
        return this.writeTuple(operation);
      case 'deleteTuple': {
        const name = nameOf(operation.tuple);
        if (this.tuple(name) !== undefined) this.tuples.set(name, { tuple: operation.tuple, leaf: undefined });
        else if (operation.onMissing === 'error') return 'deletes a tuple that is not there';
        return undefined;
      }
      case 'setEntity': {
        const { key, value, expiresAt } = operation;
        const problem = this.condition(operation.condition, key);
        if (problem === undefined) this.entities.set(key, { value, expiresAt, version: this.moment.height });
        return problem;
      }
      case 'deleteEntity': {
        const problem = this.condition(operation.condition, operation.key);
        if (problem === undefined && this.entity(operation.key) !== undefined) this.entities.set(operation.key, undefined);
        return problem;
      }
      case 'setRetention':
        this.retention = operation.retention;
        return undefined;
      case 'writeModel':
        if (this.model !== undefined) return 'writes a second model';
        this.model = operation.model;
        return undefined;
      default:
        return unreachable(operation);
    }
  }

  /** @returns whether any leaf changed. */
  commit(): boolean {
    const { height: version } = this.moment;
    let isChanged = false;
    for (const { tuple, leaf } of this.tuples.values()) {
      if (leaf === undefined) isChanged = this.leaves.removeTuple(tuple) || isChanged;
      else {
        this.leaves.putTuple(tuple, { ...leaf, version });
        isChanged = true;
      }
    }
    for (const [key, leaf] of this.entities) {
      if (leaf === undefined) isChanged = this.leaves.removeEntity(key) || isChanged;
      else {
        this.leaves.putEntity(key, leaf);
        isChanged = true;
      }
    }
    return isChanged;
  }

  private writeTuple({ tuple, condition, expiresAt, onDuplicate }: Extract<Operation, { op: 'writeTuple' }>): Problem {
    const name = nameOf(tuple);
    const present = this.tuple(name);
    const { name: conditionName, context: conditionContext } = condition ?? { name: '', context: '' };
    if (present === undefined) {
      this.tuples.set(name, { tuple, leaf: { conditionName, conditionContext, expiresAt } });
      return undefined;
    }
    if (onDuplicate === 'error') return 'writes a tuple that is there';
    const isSame =
      present.conditionName === conditionName && present.conditionContext === conditionContext && present.expiresAt === expiresAt;
    return isSame ? undefined : 'writes a tuple that is there with another condition or expiry';
  }

  private tuple(name: string): TupleState | undefined {
    const written = this.tuples.get(name);
    return this.live(written === undefined ? this.leaves.tuple(name) : written.leaf);
  }

  private entity(key: string): EntityLeaf | undefined {
    return this.live(this.entities.has(key) ? this.entities.get(key) : this.leaves.entity(key));
  }

  private live<T extends { readonly expiresAt: number }>(leaf: T | undefined): T | undefined {
    return leaf !== undefined && isLive(leaf.expiresAt, this.moment.time) ? leaf : undefined;
  }

  private condition(condition: EntityCondition | undefined, key: string): Problem {
    if (condition === undefined) return undefined;
    const present = this.entity(key);
    switch (condition.kind) {
      case 'mustNotExist':
        return present === undefined ? undefined : 'wants an entity absent that is there';
      case 'mustExist':
        return present === undefined ? 'wants an entity that is not there' : undefined;
      case 'versionEquals':
        return (present?.version ?? 0) === condition.version ? undefined : 'wants an entity in another version';
      case 'valueEquals':
        return present !== undefined && equalBytes(present.value, condition.value)
          ? undefined
          : 'wants an entity with another value';
      default:
        return unreachable(condition);
    }
  }
}
