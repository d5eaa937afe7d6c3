/** Reads of one vault as one of its blocks left it; at the newest one with a proof where asked for. Liveness is that of the block's time. */
import { assert, unreachable } from '../assert.ts';
import type { ClientResult, VaultQuery } from '../client/protocol.ts';
import { HEIGHT_ZERO, type Height } from '../ids.ts';
import { prove } from '../merkle/prove.ts';
import { isLive } from '../merkle/value.ts';
import { queryChain } from './chain-query.ts';
import { entityValue, tupleValue } from './leaf-values.ts';
import { errorResult, prunedResult } from './results.ts';
import { oldestHeight, retentionOf } from './retention.ts';
import type { TupleKey } from './transaction.ts';
import { listTuples, rowOf } from './tuple-list.ts';
import type { Vault } from './vault.ts';
import type { VaultView } from './vault-view.ts';

const NO_PROOF: Uint8Array = new Uint8Array(0);

/** Membership or absence of one path. @param value its canonical value where a leaf is stored */
function proveOne(vault: Vault, path: Uint8Array, value: () => Uint8Array | undefined): Uint8Array {
  return prove(vault.leaves.tree, [path], () => {
    const bytes = value();
    assert(bytes !== undefined, 'a leaf in the tree has its row');
    return bytes;
  });
}

function queryTuple(view: VaultView, tuple: TupleKey, proof: boolean): ClientResult {
  const { vault } = view;
  const leaf = view.tuple(tuple);
  const present = leaf !== undefined && isLive(leaf.expiresAt, view.time);
  return {
    kind: 'tuple',
    present,
    row: present ? rowOf(vault, tuple, leaf) : undefined,
    anchor: view.anchor,
    proof: proof
      ? proveOne(vault, vault.leaves.keys.paths.tuple(tuple), () => (leaf === undefined ? undefined : tupleValue(tuple, leaf)))
      : NO_PROOF,
  };
}

function queryEntity(view: VaultView, key: string, proof: boolean): ClientResult {
  const { vault } = view;
  const leaf = view.entity(key);
  const present = leaf !== undefined && isLive(leaf.expiresAt, view.time);
  return {
    kind: 'entity',
    value: present ? leaf.value : undefined,
    version: present ? leaf.version : HEIGHT_ZERO,
    expiresAt: present ? leaf.expiresAt : 0,
    anchor: view.anchor,
    proof: proof
      ? proveOne(vault, vault.leaves.keys.paths.entity(key), () => (leaf === undefined ? undefined : entityValue(key, leaf)))
      : NO_PROOF,
  };
}

function queryBlock({ vault, height: newest }: VaultView, height: Height): ClientResult {
  if (height > newest) return errorResult('height_missing', `the newest block of this vault is ${newest}`);
  const asked = height === HEIGHT_ZERO ? newest : height;
  // What is still on this disk below the floor is gone on others.
  const pruned = asked < oldestHeight(vault);
  return {
    kind: 'block',
    anchor: vault.anchorAt(asked),
    transactions: pruned ? [] : vault.transactionsAt(asked),
    newest,
    pruned,
  };
}

function queryRetention({ vault }: VaultView): ClientResult {
  const { retention, floor } = retentionOf(vault.leaves.rows);
  return { kind: 'retention', retention, oldest: floor, oldestTime: vault.timeAt(floor), anchor: vault.anchor };
}

/** Headers can be read of every block, anything else from the floor on. @param proof whether the answer carries one, of the newest block only; lists and blocks have none. */
export function queryVault(view: VaultView, query: VaultQuery, proof: boolean): ClientResult {
  assert(!proof || view.isNewest, 'a proof of an older block was refused at admission');
  if (view.isPruned && query.kind !== 'block') return prunedResult(oldestHeight(view.vault));
  switch (query.kind) {
    case 'tuple':
      return queryTuple(view, query.tuple, proof);
    case 'entity':
      return queryEntity(view, query.key, proof);
    case 'list':
      return listTuples(view, query);
    case 'block':
      return queryBlock(view, query.height);
    case 'retention':
      return queryRetention(view);
    case 'logInclusion':
    case 'logConsistency':
    case 'transactionProof':
    case 'blocks':
      return queryChain(view.vault, query);
    default:
      return unreachable(query);
  }
}
