/**
 * Questions about a vault's chain. Headers stand for ever, so a block's place in the log is provable for ever; its transactions
 * are as long as the vault keeps them. Costs O(log height) hashes and at most a few runs of 256 headers (chain-hashes.ts).
 */
import { defined, unreachable } from '../assert.ts';
import type { LogInclusion, TransactionInclusion } from '../chain/inclusion.ts';
import { leafHash, MerkleLog } from '../chain/merkle-log.ts';
import type { ChainQuery, ChainResult, KeptBlock } from '../client/chain-protocol.ts';
import type { ClientResult, VaultQuery } from '../client/protocol.ts';
import { HEIGHT_ZERO, type Height, plus } from '../ids.ts';
import { BLOCKS_PAGE_BYTES, BLOCKS_PAGE_MAX } from '../limits.ts';
import { errorResult, prunedResult } from './results.ts';
import { oldestHeight } from './retention.ts';
import type { Vault } from './vault.ts';

type Problem = string | undefined;

const HEIGHT = 'a height is a whole number from 1';
const SIZE = 'the size of a log is a whole number, 0 for all of it';

function isHeight(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
function isSize(value: number): boolean {
  return value === 0 || isHeight(value);
}

/** Whether a question is about the chain. */
export function isChainQuery(query: VaultQuery): query is ChainQuery {
  const { kind } = query;
  return kind === 'logInclusion' || kind === 'logConsistency' || kind === 'transactionProof' || kind === 'blocks';
}

/** Why a question cannot be asked, or undefined. Sizes and shapes only: nothing is looked up. */
export function chainQueryProblem(query: ChainQuery): Problem {
  switch (query.kind) {
    case 'transactionProof':
      if (!(Number.isSafeInteger(query.index) && query.index >= 0 && query.index <= 0xffff_ffff)) {
        return 'a transaction is named by its place in the block, a whole number from 0';
      }
      return blockInLog(query);
    case 'logInclusion':
      return blockInLog(query);
    case 'logConsistency':
      if (!isHeight(query.from)) return 'the older size of a log is a whole number from 1';
      if (!isSize(query.to)) return SIZE;
      return query.to === 0 || query.from <= query.to ? undefined : 'the older log is the longer one: exchange from and to';
    case 'blocks':
      return isHeight(query.from) ? undefined : HEIGHT;
    default:
      return unreachable(query);
  }
}

function blockInLog({ height, size }: { readonly height: Height; readonly size: Height }): Problem {
  if (!isHeight(height)) return HEIGHT;
  if (!isSize(size)) return SIZE;
  return size === 0 || height <= size ? undefined : 'a log of that size does not reach that height';
}

/** The largest height that a question names. */
function highest(query: ChainQuery): Height {
  switch (query.kind) {
    case 'logConsistency':
      return query.to === 0 ? query.from : query.to;
    case 'blocks':
      return query.from;
    default:
      return query.size === 0 ? query.height : query.size;
  }
}

/** Answers a question that passed admission. */
export function queryChain(vault: Vault, query: ChainQuery): ChainResult | ClientResult {
  const newest = vault.height;
  if (highest(query) > newest) return errorResult('height_missing', `the newest block of this vault is ${newest}`);
  const { anchor } = vault;
  switch (query.kind) {
    case 'logInclusion':
      return { kind: query.kind, inclusion: blockInclusion(vault, query.height, query.size), anchor };
    case 'logConsistency': {
      const { from, kind } = query;
      const to = query.to === HEIGHT_ZERO ? newest : query.to;
      const { log } = vault;
      const consistency = { from, to, fromRoot: log.root(from), toRoot: log.root(to), path: log.consistency(from, to) };
      return { kind, consistency, anchor };
    }
    case 'transactionProof': {
      // What is still on this disk below the floor is gone on others.
      if (query.height < oldestHeight(vault)) return prunedResult(oldestHeight(vault));
      const inclusion = transactionInclusion(vault, blockOf(vault, query.height), query);
      return inclusion === undefined
        ? errorResult('transaction_missing', `block ${query.height} has no transaction ${query.index}; they are counted from 0`)
        : { kind: query.kind, inclusion, anchor };
    }
    case 'blocks':
      return { kind: query.kind, blocks: blocksFrom(vault, query.from), anchor };
    default:
      return unreachable(query);
  }
}

/** A block's transactions with the tree over them: one may be asked for one proof after the other. */
export interface OpenBlock {
  readonly height: Height;
  readonly transactions: readonly Uint8Array[];
  readonly tree: MerkleLog;
}

export function blockOf(vault: Vault, height: Height): OpenBlock {
  const { hasher } = vault.leaves;
  const transactions = vault.transactionsAt(height);
  const tree = new MerkleLog(hasher);
  for (const bytes of transactions) tree.append(leafHash(hasher, bytes));
  return { height, transactions, tree };
}

/** @param size 0: all blocks there are. @returns undefined where the block has no such transaction. */
export function transactionInclusion(
  vault: Vault,
  block: OpenBlock,
  { index, size }: { readonly index: number; readonly size: Height },
): TransactionInclusion | undefined {
  const transaction = block.transactions[index];
  if (transaction === undefined) return undefined;
  const path = block.tree.inclusion(index);
  const count = block.transactions.length;
  return { transaction, index, count, path, block: blockInclusion(vault, block.height, size) };
}

function blockInclusion(vault: Vault, height: Height, asked: Height): LogInclusion {
  const { log } = vault;
  const size = asked === HEIGHT_ZERO ? vault.height : asked;
  return { header: headerAt(vault, height), size, root: log.root(size), path: log.inclusion(height - 1, size) };
}

/** Not by its anchor: that has the block's hash, for which a run of the log would be read (chain-hashes.ts). */
function headerAt({ leaves: { rows, keys } }: Vault, height: Height): Uint8Array {
  return defined(rows.get(keys.header(height)), 'a block has its header row');
}

function blocksFrom(vault: Vault, from: Height): readonly KeptBlock[] {
  const floor = oldestHeight(vault);
  const blocks: KeptBlock[] = [];
  let bytes = 0;
  for (let height = from; height <= vault.height; height = plus(height, 1)) {
    const header = headerAt(vault, height);
    const transactions = height < floor ? undefined : vault.transactionsAt(height);
    blocks.push({ header, transactions });
    bytes += header.length;
    for (const transaction of transactions ?? []) bytes += transaction.length;
    if (blocks.length === BLOCKS_PAGE_MAX || bytes >= BLOCKS_PAGE_BYTES) break;
  }
  return blocks;
}
