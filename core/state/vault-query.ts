/** Reads of one vault at its newest block, with a proof where asked for. Liveness is that of the newest block's time. */
import { assert, unreachable } from '../assert.ts';
import type { ClientResult, VaultQuery } from '../client/protocol.ts';
import { HEIGHT_ZERO, type Height } from '../ids.ts';
import { prove } from '../merkle/prove.ts';
import { isLive } from '../merkle/value.ts';
import { entityValue, tupleValue } from './leaves.ts';
import { errorResult } from './results.ts';
import type { TupleKey } from './transaction.ts';
import { listTuples, rowOf } from './tuple-list.ts';
import type { Vault } from './vault.ts';

const NO_PROOF: Uint8Array = new Uint8Array(0);

/** Membership or absence of one path. @param value its canonical value where a leaf is stored */
function proveOne(vault: Vault, path: Uint8Array, value: () => Uint8Array | undefined): Uint8Array {
  return prove(vault.leaves.tree, [path], () => {
    const bytes = value();
    assert(bytes !== undefined, 'a leaf in the tree has its row');
    return bytes;
  });
}

function queryTuple(vault: Vault, tuple: TupleKey, proof: boolean): ClientResult {
  const leaf = vault.leaves.tuple(tuple);
  const present = leaf !== undefined && isLive(leaf.expiresAt, vault.time);
  return {
    kind: 'tuple',
    present,
    row: present ? rowOf(vault, tuple, leaf) : undefined,
    anchor: vault.anchor,
    proof: proof
      ? proveOne(vault, vault.leaves.keys.paths.tuple(tuple), () => (leaf === undefined ? undefined : tupleValue(tuple, leaf)))
      : NO_PROOF,
  };
}

function queryEntity(vault: Vault, key: string, proof: boolean): ClientResult {
  const leaf = vault.leaves.entity(key);
  const present = leaf !== undefined && isLive(leaf.expiresAt, vault.time);
  return {
    kind: 'entity',
    value: present ? leaf.value : undefined,
    version: present ? leaf.version : HEIGHT_ZERO,
    expiresAt: present ? leaf.expiresAt : 0,
    anchor: vault.anchor,
    proof: proof
      ? proveOne(vault, vault.leaves.keys.paths.entity(key), () => (leaf === undefined ? undefined : entityValue(key, leaf)))
      : NO_PROOF,
  };
}

function queryBlock(vault: Vault, height: Height): ClientResult {
  if (height > vault.height) {
    return errorResult('height_missing', `the newest block of this vault is ${vault.height}`);
  }
  const asked = height === HEIGHT_ZERO ? vault.height : height;
  return {
    kind: 'block',
    anchor: vault.anchorAt(asked),
    transactions: vault.transactionsAt(asked),
    newest: vault.height,
  };
}

/** @param proof whether the answer carries one; lists and blocks have none. */
export function queryVault(vault: Vault, query: VaultQuery, proof: boolean): ClientResult {
  switch (query.kind) {
    case 'tuple':
      return queryTuple(vault, query.tuple, proof);
    case 'entity':
      return queryEntity(vault, query.key, proof);
    case 'list':
      return listTuples(vault, query);
    case 'block':
      return queryBlock(vault, query.height);
    default:
      return unreachable(query);
  }
}
