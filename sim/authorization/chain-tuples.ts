/**
 * What was in a vault at each of its heights, from the blocks alone: live tuples and the newest authorization model. The chain is the order in
 * which everything took effect, so an answer that names a block is judged by what stood there.
 */
import type { Hasher } from '../../core/capability.ts';
import type { Height, Micros, VaultId } from '../../core/ids.ts';
import type { SealedBlock } from '../../core/state/block-observer.ts';
import { modelIdOf } from '../../core/state/model-id.ts';
import type { Operation, TupleCondition, TupleKey } from '../../core/state/transaction.ts';
import { decodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { ulidBytes } from '../../core/state/ulid-field.ts';
import { headerTime } from '../workload/header-time.ts';
import type { HeldTuple } from './definition.ts';

/** A model of a vault. */
export interface WrittenModel {
  readonly id: string;
  readonly text: string;
  readonly height: number;
}

/** A vault as a block left it. */
export interface VaultAt {
  readonly tuples: readonly HeldTuple[];
  /** The newest as of the block. */
  readonly newest: WrittenModel | undefined;
  /** By id, those of later blocks not among them. */
  readonly model: (id: string) => WrittenModel | undefined;
}

/** The block that creates a vault; it may have been sealed before anybody looked. */
const FIRST_HEIGHT = 1;
const NOTHING: VaultAt = { tuples: [], newest: undefined, model: () => undefined };

/** A tuple from a height on; undefined: it is not there. expiresAt: 0 = never. */
interface Change {
  readonly height: number;
  readonly leaf: { readonly condition: TupleCondition | undefined; readonly expiresAt: number } | undefined;
}

interface Changes {
  readonly tuple: TupleKey;
  /** In order of heights. */
  readonly changes: Change[];
}

interface Chain {
  /** Of block h at h - first. */
  readonly times: number[];
  readonly first: number;
  readonly tuples: Map<string, Changes>;
  readonly models: WrittenModel[];
}

function isLive({ expiresAt }: { readonly expiresAt: number }, time: number): boolean {
  return expiresAt === 0 || time < expiresAt;
}

export class ChainTuples {
  private readonly hasher: Hasher;
  private readonly chains: Map<VaultId, Chain> = new Map();

  constructor(hasher: Hasher) {
    this.hasher = hasher;
  }

  /** A node has sealed a block; the first one to do so is believed, because others must seal the same (blocks-agree). */
  sealed({ vault, height, header, transactions }: SealedBlock): void {
    const chain = this.chainOf(vault, height);
    if (height !== chain.first + chain.times.length) return; // seen before
    const time = headerTime(header);
    chain.times.push(time);
    transactions.forEach((bytes, position) => {
      const decoded = decodeLedgerTransaction(bytes);
      if (!decoded.ok || decoded.value.kind !== 'transact') return; // what expires is not live any longer by its own time
      for (const operation of decoded.value.transaction.operations) {
        this.apply(chain, operation, { vault, height, time: time as Micros, position });
      }
    });
  }

  /** @returns undefined where the block is not known */
  at(vault: VaultId, height: number): VaultAt | undefined {
    const chain = this.chains.get(vault);
    if (height === FIRST_HEIGHT && (chain?.first ?? 0) !== FIRST_HEIGHT) return NOTHING;
    const time = chain?.times[height - chain.first];
    if (chain === undefined || time === undefined) return undefined;
    const tuples: HeldTuple[] = [];
    for (const { tuple, changes } of chain.tuples.values()) {
      const { leaf } = changes.findLast((change) => change.height <= height) ?? {};
      if (leaf !== undefined && isLive(leaf, time)) tuples.push({ tuple, condition: leaf.condition });
    }
    const models = chain.models.filter((model) => model.height <= height);
    return { tuples, newest: models.at(-1), model: (id) => models.find((model) => model.id === id) };
  }

  /** Models that were the newest at some height of that range; undefined among them: there was none. */
  newestModels(vault: VaultId, from: number, to: number): readonly (WrittenModel | undefined)[] {
    const models = this.chains.get(vault)?.models ?? [];
    return [models.findLast(({ height }) => height <= from), ...models.filter(({ height }) => height > from && height <= to)];
  }

  /** Of the newest block that anybody has sealed. */
  heightOf(vault: VaultId): number {
    const chain = this.chains.get(vault);
    return chain === undefined ? 0 : chain.first + chain.times.length - 1;
  }

  private chainOf(vault: VaultId, height: number): Chain {
    const known = this.chains.get(vault);
    if (known !== undefined) return known;
    const chain: Chain = { times: [], first: height, tuples: new Map(), models: [] };
    this.chains.set(vault, chain);
    return chain;
  }

  private apply(
    chain: Chain,
    operation: Operation,
    at: { readonly vault: VaultId; readonly height: Height; readonly time: Micros; readonly position: number },
  ): void {
    const { height, time } = at;
    if (operation.op === 'writeModel') {
      const id = modelIdOf(this.hasher, { ...at, vault: ulidBytes(at.vault) });
      chain.models.push({ id, text: operation.model, height });
    } else if (operation.op === 'writeTuple') {
      const changes = changesOf(chain, operation.tuple);
      const present = changes.at(-1)?.leaf;
      if (present !== undefined && isLive(present, time)) return; // a duplicate that was ignored
      changes.push({ height, leaf: { condition: operation.condition, expiresAt: operation.expiresAt } });
    } else if (operation.op === 'deleteTuple') {
      changesOf(chain, operation.tuple).push({ height, leaf: undefined });
    }
  }
}

function changesOf({ tuples }: Chain, tuple: TupleKey): Change[] {
  const name = `${tuple.resource}#${tuple.relation}@${tuple.subject}`;
  const known = tuples.get(name);
  if (known !== undefined) return known.changes;
  const changes: Change[] = [];
  tuples.set(name, { tuple, changes });
  return changes;
}
