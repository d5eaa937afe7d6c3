/**
 * One vault: its leaves, its chain of blocks, its newest anchor. Reads are at the newest block; writes go through a
 * BlockBuilder (block-builder.ts), which ends in `seal`.
 * Invariants: anchor is the block at `height`; log.size = height; time is that block's time and grows with every block.
 */
import { assert, defined } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { blockHash, decodeHeader, encodeHeader, headerStateRoot, headerTime, headerTreeRoot } from '../chain/header.ts';
import { MerkleLog, transactionsRoot } from '../chain/merkle-log.ts';
import type { Anchor } from '../client/protocol.ts';
import {
  HEIGHT_ZERO,
  type Height,
  type LogIndex,
  type Micros,
  type OrganizationId,
  plus,
  type Term,
  type VaultId,
} from '../ids.ts';
import { ABSENT } from '../index/exact-index.ts';
import type { GroupIndex } from '../index/exact-rows.ts';
import { isLive } from '../merkle/value.ts';
import type { PageSpace } from '../page/space.ts';
import { ChainHashes } from './chain-hashes.ts';
import { prefixRange } from './key-reader.ts';
import type { KeyBuilder } from './keys.ts';
import { Leaves, type StoredLeaves } from './leaves.ts';
import { type ModelPlace, modelIdOf } from './model-id.ts';
import type { CompiledModels } from './models.ts';
import type { TupleKey } from './transaction.ts';
import { ulidBytes } from './ulid-field.ts';

const NO_BLOCK: Uint8Array = new Uint8Array(32);
const HEADER_ROW = 'a block has its header row';

/** Where in the Raft log a block comes from. */
export interface BlockOrigin {
  readonly term: Term;
  readonly index: LogIndex;
}

/** A vault as a checkpoint has it. */
export interface StoredVault extends StoredLeaves {
  /** Of its newest block. */
  readonly header: Uint8Array;
}

export class Vault {
  readonly id: VaultId;
  readonly organization: OrganizationId;
  readonly leaves: Leaves;
  /** The chain: leaf = header, index = height - 1. */
  readonly log: MerkleLog;
  /** Of the whole group. */
  readonly models: CompiledModels;
  private readonly hasher: Hasher;
  private readonly idBytes: Uint8Array;
  private readonly organizationBytes: Uint8Array;
  private newest: Anchor | undefined = undefined;
  private newestTime: Micros = 0 as Micros;

  /** @param options.stored the vault as a checkpoint has it; without it, one before its first block. */
  constructor(options: {
    readonly id: VaultId;
    readonly organization: OrganizationId;
    readonly reverse: boolean;
    readonly hasher: Hasher;
    readonly keys: KeyBuilder;
    readonly space: PageSpace;
    readonly stored?: StoredVault | undefined;
    readonly index: GroupIndex;
    readonly models: CompiledModels;
  }) {
    this.id = options.id;
    this.organization = options.organization;
    this.models = options.models;
    this.hasher = options.hasher;
    this.idBytes = ulidBytes(options.id);
    this.organizationBytes = ulidBytes(options.organization);
    this.leaves = new Leaves({ ...options, owner: this.idBytes });
    if (options.stored !== undefined) this.takeHeader(options.stored.header);
    const { hasher, keys } = options;
    const { height } = this;
    this.log = new MerkleLog(hasher, new ChainHashes({ hasher, keys, rows: this.leaves.rows, height }), height);
  }

  /** The newest block, as a header that is known to follow the others. */
  private takeHeader(header: Uint8Array): void {
    const decoded = decodeHeader(header);
    assert(decoded.ok && typeof decoded.value.height === 'number', 'a stored header decodes');
    const { height, stateRoot, treeRoot } = decoded.value;
    this.newest = { height: height as Height, blockHash: blockHash(this.hasher, header), stateRoot, treeRoot, header };
    this.newestTime = headerTime(header, 0) as Micros;
  }

  get height(): Height {
    return this.newest === undefined ? HEIGHT_ZERO : this.newest.height;
  }

  /** Time of the newest block: decides liveness in every read. */
  get time(): Micros {
    return this.newestTime;
  }

  /** The newest block. There is one as soon as apply is done with the vault's creation. */
  get anchor(): Anchor {
    return defined(this.newest, 'a vault in use has its first block');
  }

  /**
   * Whether exactly this tuple is live at the newest block. One lookup, nothing copied or decoded but the expiry.
   * Conditions are not evaluated here.
   */
  isTupleLive(tuple: TupleKey): boolean {
    const expiresAt = this.leaves.tupleExpiry(tuple);
    return expiresAt !== ABSENT && isLive(expiresAt, this.newestTime);
  }

  /** The id of the model that a transaction at this place writes. */
  modelIdAt({ height, time, position }: Omit<ModelPlace, 'vault'>): string {
    return modelIdOf(this.hasher, { vault: this.idBytes, height, time, position });
  }

  /** Seals the block at height + 1 over the leaves as they are. @param transactions canonical bytes, in order */
  seal(origin: BlockOrigin, time: Micros, transactions: readonly Uint8Array[]): Anchor {
    assert(transactions.length > 0, 'a block holds a transaction');
    assert(time > this.newestTime, 'block time grows');
    const { rows, tree, keys } = this.leaves;
    const height = plus(this.height, 1);
    for (const bucket of this.leaves.takeTouched()) rows.set(keys.bucketHistory(bucket, height), tree.bucketHash(bucket));
    transactions.forEach((bytes, position) => {
      rows.set(keys.transaction(height, position), bytes);
    });
    const stateRoot = tree.stateRoot();
    const treeRoot = tree.treeRoot();
    const header = encodeHeader({
      reverse: this.leaves.reverse,
      height,
      organization: this.organizationBytes,
      vault: this.idBytes,
      previousHash: this.newest === undefined ? NO_BLOCK : this.newest.blockHash,
      transactionsRoot: transactionsRoot(this.hasher, transactions),
      stateRoot,
      treeRoot,
      time,
      term: origin.term,
      raftIndex: origin.index,
    });
    rows.set(keys.header(height), header);
    const hash = blockHash(this.hasher, header);
    this.log.append(hash);
    this.newest = { height, blockHash: hash, stateRoot, treeRoot, header };
    this.newestTime = time;
    return this.newest;
  }

  /** Restoring: takes over the next block's header. @returns false where it does not follow the chain so far. */
  restoreHeader(bytes: Uint8Array): boolean {
    const decoded = decodeHeader(bytes);
    if (!decoded.ok) return false;
    const { height, vault, organization, previousHash, time } = decoded.value;
    const previous = this.newest === undefined ? NO_BLOCK : this.newest.blockHash;
    const follows = height === this.height + 1 && equalBytes(previousHash, previous) && time > this.newestTime;
    if (!follows || !equalBytes(vault, this.idBytes) || !equalBytes(organization, this.organizationBytes)) return false;
    const header = bytes.slice();
    this.leaves.rows.set(this.leaves.keys.header(plus(this.height, 1)), header);
    this.takeHeader(header);
    this.log.append(this.anchor.blockHash);
    return true;
  }

  /** Restoring: the leaves are what the newest header says. Asked once, at the end. */
  matchesItsHeader(): boolean {
    const { tree } = this.leaves;
    this.leaves.takeTouched();
    const { stateRoot, treeRoot } = this.anchor;
    return equalBytes(tree.treeRoot(), treeRoot) && equalBytes(tree.stateRoot(), stateRoot);
  }

  /** The anchor of any block from 1 to `height`. */
  anchorAt(height: Height): Anchor {
    assert(height >= 1 && height <= this.height, 'an anchor is asked for a block that is there');
    if (height === this.height) return this.anchor;
    const header = defined(this.leaves.rows.get(this.leaves.keys.header(height)), HEADER_ROW);
    return {
      height,
      blockHash: this.log.leaf(height - 1),
      stateRoot: headerStateRoot(header),
      treeRoot: headerTreeRoot(header),
      header,
    };
  }

  /** Time of any block from 1 to `height`. */
  timeAt(height: Height): Micros {
    const row = defined(this.leaves.rows.find(this.leaves.keys.header(height)), HEADER_ROW);
    return headerTime(row.bytes, row.start) as Micros;
  }

  /** Canonical bytes of a block's transactions, in order. */
  transactionsAt(height: Height): readonly Uint8Array[] {
    const range = prefixRange(this.leaves.keys.transactionPrefix(height));
    return Array.from(this.leaves.rows.scan(range), ({ value }) => value);
  }
}
