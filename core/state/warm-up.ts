/**
 * Brings the buckets of large vaults back into memory in short steps (C11): those that the next entry needs, before it is applied,
 * and the others when there is time. A bucket of a vault of a million tuples has eight thousand leaves, 40 ms of work, and an entry
 * of a hundred tuples touches half of the buckets. Small vaults are loaded where they are needed.
 */
import { type Micros, maxOf, plus } from '../ids.ts';
import { BUCKET_SLICE_LEAVES, COLD_VAULT_LEAVES, EXPIRE_LEAVES_MAX } from '../limits.ts';
import { BUCKETS } from '../merkle/hashes.ts';
import { bucketLeaves } from './bucket-leaves.ts';
import type { DecodedCommand } from './command.ts';
import { expiryOfKey, tupleOfKey } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { plantBucket } from './plant-bucket.ts';
import type { Operation } from './transaction.ts';
import type { Vault } from './vault.ts';

export interface WarmUpLimits {
  /** Vaults with more leaves than that are loaded in steps. */
  readonly coldVaultLeaves: number;
  /** Leaves that one step reads or plants. */
  readonly sliceLeaves: number;
}

export const DEFAULT_WARM_UP_LIMITS: WarmUpLimits = {
  coldVaultLeaves: COLD_VAULT_LEAVES,
  sliceLeaves: BUCKET_SLICE_LEAVES,
};

interface Job {
  readonly vault: Vault;
  readonly bucket: number;
  readonly steps: Generator<void, void>;
}

export class WarmUp {
  private readonly limits: WarmUpLimits;
  /** Vaults with buckets that are not in memory. */
  private readonly cold: Set<Vault> = new Set();
  private job: Job | undefined = undefined;

  constructor(limits: WarmUpLimits) {
    this.limits = limits;
  }

  /** A vault as a checkpoint has it. */
  add(vault: Vault): void {
    if (vault.leaves.count > this.limits.coldVaultLeaves) this.cold.add(vault);
  }

  /** The vault is not there any more. */
  forget(vault: Vault): void {
    this.cold.delete(vault);
    if (this.job?.vault !== vault) return;
    this.job.steps.return();
    this.job = undefined;
  }

  /** Whether every large vault is in memory. */
  get isDone(): boolean {
    return this.cold.size === 0;
  }

  isCold(vault: Vault): boolean {
    return this.cold.has(vault);
  }

  /** One step towards what a section needs. @returns whether all of it is in memory */
  prepare(vault: Vault, commands: readonly DecodedCommand[], time: Micros): boolean {
    if (!this.cold.has(vault)) return true;
    const missing = missingBuckets(vault, commands, time);
    const [first] = missing;
    if (first === undefined) return true;
    const { job } = this;
    const isUseful = job !== undefined && job.vault === vault && missing.has(job.bucket);
    if (!isUseful) this.begin(vault, first);
    this.work();
    return missingBuckets(vault, commands, time).size === 0;
  }

  /** One step towards having everything. */
  warm(): void {
    if (this.job === undefined) {
      const [vault] = this.cold;
      if (vault === undefined) return;
      const bucket = firstStub(vault);
      if (bucket === undefined) return void this.cold.delete(vault);
      this.begin(vault, bucket);
    }
    this.work();
  }

  private begin(vault: Vault, bucket: number): void {
    this.job?.steps.return();
    this.job = { vault, bucket, steps: loadBucket(vault, bucket) };
  }

  private work(): void {
    const { job } = this;
    for (let leaves = 0; leaves < this.limits.sliceLeaves; leaves += 1) {
      if (job?.steps.next().done !== true) continue;
      this.job = undefined;
      return;
    }
  }
}

function firstStub(vault: Vault): number | undefined {
  const { tree } = vault.leaves;
  for (let bucket = 0; bucket < BUCKETS && tree.stubCount > 0; bucket += 1) if (!tree.isLoaded(bucket)) return bucket;
  return undefined;
}

/** Yields once a leaf that is read, and once a leaf that is planted. */
function* loadBucket(vault: Vault, bucket: number): Generator<void, void> {
  const { tree, hasher, keys, rows } = vault.leaves;
  // Pinned: the rows of a bucket do not change before somebody has loaded it, and those of others may.
  const image = rows.snapshot();
  try {
    yield* plantBucket(tree, bucket, bucketLeaves({ hasher, keys: keys.beside, rows: image }, bucket));
  } finally {
    image.release();
  }
}

/** Buckets that apply will change, and that are not in memory. */
function missingBuckets(vault: Vault, commands: readonly DecodedCommand[], time: Micros): ReadonlySet<number> {
  const { tree, keys } = vault.leaves;
  const missing = new Set<number>();
  const note = (bucket: number): void => {
    if (!tree.isLoaded(bucket)) missing.add(bucket);
  };
  for (const { command } of commands) {
    if (command.kind !== 'transact') continue;
    for (const operation of command.transaction.operations) noteBuckets(operation, keys, note);
    if (command.transaction.operations.some(({ op }) => op === 'writeModel')) noteModel(vault, commands.length, time, note);
  }
  // What is due ends with this entry, whether the entry says so or not.
  if (vault.leaves.firstExpiry() <= time) noteDue(vault, time, note);
  return missing;
}

function noteBuckets(operation: Operation, { paths }: KeyBuilder, note: (bucket: number) => void): void {
  switch (operation.op) {
    case 'setRetention':
      return;
    case 'setEntity':
    case 'deleteEntity':
      return note(paths.entityBucket(operation.key));
    case 'writeModel': // noteModel
      return;
    default:
      note(paths.resourceBucket(operation.tuple.resource));
      note(paths.subjectBucket(operation.tuple.subject));
  }
}

/** The id of a model follows from the block; where in the block it is written is not known before the others were applied. */
function noteModel(vault: Vault, commands: number, entryTime: Micros, note: (bucket: number) => void): void {
  const height = plus(vault.height, 1);
  const time = maxOf(entryTime, plus(vault.time, 1));
  for (let position = 0; position <= commands; position += 1) {
    note(vault.leaves.keys.paths.model(vault.modelIdAt({ height, time, position }))[0] as number);
  }
}

function noteDue({ leaves: { rows, keys } }: Vault, time: Micros, note: (bucket: number) => void): void {
  let due = 0;
  for (const { key } of rows.scan({ from: Uint8Array.of(Table.expiry), to: keys.expiryEnd(time).slice() })) {
    const { leafKey } = expiryOfKey(key);
    note(leafKey[1] as number);
    if (leafKey[0] === Table.tuple) note(keys.paths.subjectBucket(tupleOfKey(leafKey).subject));
    due += 1;
    if (due === EXPIRE_LEAVES_MAX) return;
  }
}
