/**
 * Re-executes one vault's chain from its first block, block by block, and believes nothing of it: each header follows the one before,
 * has its transactions under tx_root, and the state that they make under state_root and tree_root. Says at which height what differs.
 *
 * What no chain can show by itself: that it is the one that the cluster had. Who can write the blocks can write others that agree
 * with themselves, and can leave the newest ones out. That takes a pin: a hash that is known from elsewhere.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import { blockHash, decodeHeader, type Header } from '../chain/header.ts';
import { MerkleLog, transactionsRoot } from '../chain/merkle-log.ts';
import type { KeptBlock } from '../client/chain-protocol.ts';
import type { Height, Micros } from '../ids.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { decodeLedgerTransaction, type LedgerTransaction } from '../state/transaction-codec.ts';
import { ulidBytes } from '../state/ulid-field.ts';
import { Executor, type Problem } from './executor.ts';
import { FrontierHashes } from './frontier.ts';

/**
 * What of a block is not as it has to be, in the order of the checks. `checkpoint`: the log has not the root that the checkpoint says;
 * `pin`: not the block that is known from elsewhere.
 */
export type AuditCode =
  | 'header'
  | 'height'
  | 'vault'
  | 'previous_hash'
  | 'time'
  | 'entry'
  | 'transactions'
  | 'tx_root'
  | 'flags'
  | 'execution'
  | 'state_root'
  | 'tree_root'
  | 'checkpoint'
  | 'pin';

export interface AuditFault {
  readonly code: AuditCode;
  readonly height: number;
  /** A sentence. */
  readonly message: string;
}

/** Hashes of 32 bytes that the caller knows from elsewhere. */
export interface AuditPins {
  /** Hash of a block, at whatever height: it authenticates everything up to there. */
  readonly block?: Uint8Array | undefined;
  /** Root of the log at some size, as checkpoints sign it: it authenticates everything up to there. */
  readonly log?: Uint8Array | undefined;
  /** A checkpoint: the chain must arrive at it. `believed`: its signatures are those that the caller wants, so it authenticates. */
  readonly checkpoint?: { readonly at: Checkpoint; readonly trust: 'believed' | 'unchecked' } | undefined;
  /** tree_root of the newest block: it authenticates the contents, not how they came about. */
  readonly root?: Uint8Array | undefined;
}

/** Up to which height what was found is what the caller knows. 0: nothing is, though the chain agrees with itself. */
export interface Authenticated {
  readonly height: number;
  readonly by: 'block' | 'log' | 'checkpoint' | 'root' | 'nothing';
}

/** A vault that was audited. */
export interface AuditedChain {
  readonly blocks: number;
  readonly transactions: number;
  readonly newest: Header;
  readonly blockHash: Uint8Array;
  readonly logRoot: Uint8Array;
  /** Leaves of the newest state; undefined where it was not made. */
  readonly leaves: number | undefined;
  readonly authenticated: Authenticated;
}

export interface AuditorOptions {
  readonly hasher: Hasher;
  /** 16 bytes each. */
  readonly organization: Uint8Array;
  readonly vault: Uint8Array;
  /**
   * The lowest height whose transactions are there. From 1 on everything is executed; from anywhere else nothing is, because there is no
   * state to begin with: then only that the headers follow each other is shown, and that the transactions are theirs.
   */
  readonly first: number;
  readonly pins?: AuditPins;
}

/** One that was sealed here has numbers; a stranger's may have more than a number holds. */
type Counted = Header & { readonly height: number; readonly time: number; readonly term: number; readonly raftIndex: number };

function isCounted(header: Header): header is Counted {
  const counters: readonly U64[] = [header.height, header.time, header.term, header.raftIndex];
  return counters.every((value) => typeof value === 'number');
}

export class Auditor {
  private readonly options: AuditorOptions;
  private readonly log: MerkleLog;
  private executor: Executor | undefined = undefined;
  private newest: Counted | undefined = undefined;
  private newestHash: Uint8Array = new Uint8Array(32);
  private transactions: number = 0;
  private pinned: { block: number; log: number; checkpoint: number } = { block: 0, log: 0, checkpoint: 0 };

  constructor(options: AuditorOptions) {
    this.options = options;
    this.log = new MerkleLog(options.hasher, new FrontierHashes());
  }

  /** Height of the last block that was taken; 0 before the first. */
  get height(): number {
    return this.log.size;
  }

  /** Whether the state is made, block for block. */
  get executes(): boolean {
    return this.options.first === 1;
  }

  /** The next block. @returns why it is none; then nothing more is to be given. */
  take(block: KeptBlock): AuditFault | undefined {
    const { hasher } = this.options;
    const height = this.height + 1;
    const fault = (code: AuditCode, message: string): AuditFault => ({ code, height, message });
    const decoded = decodeHeader(block.header);
    if (!decoded.ok) return fault('header', `The header of block ${height} does not decode (${decoded.reason}).`);
    const header = decoded.value;
    if (!isCounted(header)) return fault('header', `The header of block ${height} counts beyond what Vouch counts.`);
    const misfit = this.misfit(header, height);
    if (misfit !== undefined) return fault(...misfit);
    const wrong = this.takeTransactions(header, block.transactions);
    if (wrong !== undefined) return fault(...wrong);
    this.newest = header;
    this.newestHash = blockHash(hasher, block.header);
    this.log.append(this.newestHash);
    this.notePins(height);
    return undefined;
  }

  /** There are no more blocks. */
  finish(): { readonly ok: true; readonly value: AuditedChain } | { readonly ok: false; readonly fault: AuditFault } {
    const { newest, height } = this;
    const fault = (code: AuditCode, message: string) => ({ ok: false, fault: { code, height, message } }) as const;
    if (newest === undefined) return fault('height', 'There is no block: a vault has at least its first.');
    const { block, log, root, checkpoint } = this.options.pins ?? {};
    if (checkpoint !== undefined && this.pinned.checkpoint === 0) {
      return fault('checkpoint', contradiction(checkpoint.at.size, height));
    }
    if (block !== undefined && this.pinned.block === 0) {
      return fault(
        'pin',
        `None of the ${height} blocks has the hash that was pinned: another chain, or the newest blocks are missing.`,
      );
    }
    if (log !== undefined && this.pinned.log === 0) {
      return fault(
        'pin',
        `The log has the root that was pinned at none of its ${height} sizes: another chain, or blocks are missing.`,
      );
    }
    if (root !== undefined && !equalBytes(root, newest.treeRoot)) {
      return fault('pin', `Block ${height}, the newest one, has another tree_root than the one that was pinned.`);
    }
    return {
      ok: true,
      value: {
        blocks: height,
        transactions: this.transactions,
        newest,
        blockHash: this.newestHash,
        logRoot: this.log.root(),
        leaves: this.executor?.leaves.tree.size,
        authenticated: this.authenticated(height),
      },
    };
  }

  /** Why a header does not follow the one before. */
  private misfit(header: Counted, height: number): readonly [AuditCode, string] | undefined {
    const { organization, vault } = this.options;
    const { newest } = this;
    if (header.height !== height) return ['height', `Block ${header.height} stands where block ${height} has to be.`];
    if (!equalBytes(header.vault, vault)) return ['vault', `Block ${height} is another vault's.`];
    if (!equalBytes(header.organization, organization)) return ['vault', `Block ${height} is another organization's.`];
    if (!equalBytes(header.previousHash, this.newestHash)) {
      const what = height === 1 ? 'names a block before it' : `does not name block ${height - 1} as the one before it`;
      return ['previous_hash', `Block ${height} ${what}: prev_hash differs.`];
    }
    if (newest === undefined) return undefined;
    if (header.time <= newest.time) return ['time', `Block ${height} is not later than the block before it.`];
    if (header.raftIndex <= newest.raftIndex || header.term < newest.term) {
      return ['entry', `Block ${height} comes of an entry that is not behind the one of the block before it.`];
    }
    return header.reverse === newest.reverse ? undefined : ['flags', `Block ${height} has other flags than the block before it.`];
  }

  private takeTransactions(
    header: Counted,
    transactions: readonly Uint8Array[] | undefined,
  ): readonly [AuditCode, string] | undefined {
    const { height } = header;
    const isKept = height >= this.options.first;
    if (transactions === undefined) {
      return isKept ? ['transactions', `Block ${height} lacks its transactions.`] : undefined;
    }
    if (!isKept) return ['transactions', `Block ${height} has transactions that were said to be missing.`];
    if (transactions.length === 0) return ['transactions', `Block ${height} has no transaction.`];
    if (!equalBytes(transactionsRoot(this.options.hasher, transactions), header.transactionsRoot)) {
      return ['tx_root', `The transactions of block ${height} are not those of its header: tx_root differs.`];
    }
    this.transactions += transactions.length;
    for (const [index, bytes] of transactions.entries()) {
      const decoded = decodeLedgerTransaction(bytes);
      if (!decoded.ok) return ['transactions', `Transaction ${index} of block ${height} does not decode (${decoded.reason}).`];
      const problem = this.begin(header, decoded.value, index) ?? this.execute(header, decoded.value, index);
      if (problem !== undefined)
        return ['execution', `Transaction ${index} of block ${height} cannot have been applied: ${problem}.`];
    }
    return this.executor === undefined ? undefined : compareState(header, this.executor);
  }

  /** The first transaction of all creates the vault, and no other one does. */
  private begin(header: Counted, ledger: LedgerTransaction, index: number): Problem {
    const isFirst = header.height === 1 && index === 0;
    if (ledger.kind !== 'createVault') return isFirst ? 'there is no vault yet' : undefined;
    if (!isFirst) return 'the vault is there already';
    const isHere =
      equalBytes(ulidBytes(ledger.organization), header.organization) && equalBytes(ulidBytes(ledger.vault), header.vault);
    if (!isHere) return 'it creates another vault';
    if (ledger.reverse !== header.reverse) return 'the header has other flags than the vault was created with';
    this.executor = new Executor(this.options.hasher, { vault: header.vault, reverse: ledger.reverse });
    return undefined;
  }

  private execute({ height, time }: Counted, ledger: LedgerTransaction, position: number): Problem {
    const { executor } = this;
    if (executor === undefined || ledger.kind === 'createVault') return undefined;
    const moment = { height: height as Height, time: time as Micros, position };
    return ledger.kind === 'expire' ? executor.expire(moment) : executor.transact(ledger.transaction, moment);
  }

  private notePins(height: number): void {
    const { block, log, checkpoint } = this.options.pins ?? {};
    if (checkpoint?.at.size === height && equalBytes(checkpoint.at.root, this.log.root())) this.pinned.checkpoint = height;
    if (block !== undefined && equalBytes(block, this.newestHash)) this.pinned.block = height;
    if (log !== undefined && this.pinned.log === 0 && equalBytes(log, this.log.root())) this.pinned.log = height;
  }

  /** The pin that reaches highest. */
  private authenticated(newest: number): Authenticated {
    const { block, log } = this.pinned;
    const checkpoint = this.options.pins?.checkpoint?.trust === 'believed' ? this.pinned.checkpoint : 0;
    const height = Math.max(block, log, checkpoint);
    const by = checkpoint === height ? 'checkpoint' : block === height ? 'block' : 'log';
    if (height === newest) return { height, by };
    if (this.options.pins?.root !== undefined) return { height: newest, by: 'root' };
    return height === 0 ? { height, by: 'nothing' } : { height, by };
  }
}

function contradiction(size: number, blocks: number): string {
  if (size > blocks) {
    return `The checkpoint is of ${size} blocks, and there are ${blocks}: the newest ones are missing, or were sealed after the export.`;
  }
  return `The log of the first ${size} blocks has another root than the checkpoint says: another chain.`;
}

function compareState(header: Counted, { leaves: { tree } }: Executor): readonly [AuditCode, string] | undefined {
  const { height } = header;
  if (!equalBytes(tree.stateRoot(), header.stateRoot)) {
    return ['state_root', `Block ${height} claims a state that its transactions do not make: state_root differs.`];
  }
  if (equalBytes(tree.treeRoot(), header.treeRoot)) return undefined;
  return ['tree_root', `Block ${height} claims a state that its transactions do not make: tree_root differs.`];
}
