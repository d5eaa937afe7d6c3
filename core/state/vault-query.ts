/** Reads of one vault as one of its blocks left it, with a proof where asked for. Liveness is that of the block's time. */
import { assert, unreachable } from '../assert.ts';
import type { Conditions } from '../authz/condition.ts';
import type { ClientResult, VaultQuery } from '../client/protocol.ts';
import type { CommitmentProof } from '../ics23/proof.ts';
import { HEIGHT_ZERO, type Height } from '../ids.ts';
import { COLD_VAULT_LEAVES } from '../limits.ts';
import { prove } from '../merkle/prove.ts';
import { isLive } from '../merkle/value.ts';
import { needsReverse } from '../proof/statement.ts';
import type { AuthzTask } from './authz-work.ts';
import { queryChain } from './chain-query.ts';
import type { Ics23Task } from './ics23-work.ts';
import { entityValue, modelValue, tupleValue } from './leaf-values.ts';
import { listModels, modelLeafAt, newestModelId } from './models.ts';
import type { ProofTask } from './proof-work.ts';
import { errorResult, prunedResult } from './results.ts';
import { oldestHeight, retentionOf } from './retention.ts';
import { listChanges } from './tuple-changes.ts';
import { listTuples, rowOf } from './tuple-list.ts';
import type { Vault } from './vault.ts';
import type { VaultView } from './vault-view.ts';

const NO_REVERSE: ClientResult = errorResult(
  'proof_unavailable',
  'this vault keeps no reverse leaves, so that what is granted to a user cannot be proven complete; ask by object',
);
const NO_PROOF: Uint8Array = new Uint8Array(0);

type Asked<K extends VaultQuery['kind']> = Extract<VaultQuery, { readonly kind: K }>;

/** Membership or absence of one path, now and in memory. @param value its canonical value where a leaf is stored */
function proveOne(vault: Vault, path: Uint8Array, value: () => Uint8Array | undefined): Uint8Array {
  return prove(vault.leaves.tree, [path], () => {
    const bytes = value();
    assert(bytes !== undefined, 'a leaf in the tree has its row');
    return bytes;
  });
}

/** Whether one path of the block is proven without reading far. */
function isAtHand({ vault, isNewest }: VaultView): boolean {
  return isNewest && (vault.leaves.count <= COLD_VAULT_LEAVES || vault.leaves.tree.stubCount === 0);
}

function queryTuple(view: VaultView, { tuple }: Asked<'tuple'>, proof: boolean): ClientResult | ProofTask {
  const { vault, anchor } = view;
  const leaf = view.tuple(tuple);
  const present = leaf !== undefined && isLive(leaf.expiresAt, view.time);
  const row = present ? rowOf(vault, tuple, leaf) : undefined;
  const answer = (bytes: Uint8Array): ClientResult => ({ kind: 'tuple', present, row, anchor, proof: bytes });
  if (!proof) return answer(NO_PROOF);
  if (!isAtHand(view)) return { view, questions: [{ kind: 'tuple', tuple }], answer };
  const value = (): Uint8Array | undefined => (leaf === undefined ? undefined : tupleValue(tuple, leaf));
  return answer(proveOne(vault, vault.leaves.keys.paths.tuple(tuple), value));
}

function queryEntity(view: VaultView, { key }: Asked<'entity'>, proof: boolean): ClientResult | ProofTask {
  const { vault, anchor } = view;
  const leaf = view.entity(key);
  const present = leaf !== undefined && isLive(leaf.expiresAt, view.time);
  const answer = (bytes: Uint8Array): ClientResult => ({
    kind: 'entity',
    value: present ? leaf.value : undefined,
    version: present ? leaf.version : HEIGHT_ZERO,
    expiresAt: present ? leaf.expiresAt : 0,
    anchor,
    proof: bytes,
  });
  if (!proof) return answer(NO_PROOF);
  if (!isAtHand(view)) return { view, questions: [{ kind: 'entity', key }], answer };
  const value = (): Uint8Array | undefined => (leaf === undefined ? undefined : entityValue(key, leaf));
  return answer(proveOne(vault, vault.leaves.keys.paths.entity(key), value));
}

function queryModel(view: VaultView, asked: Asked<'model'>, proof: boolean): ClientResult | ProofTask {
  const { vault, anchor } = view;
  const id = asked.id === '' ? newestModelId(view) : asked.id;
  const leaf = id === '' ? undefined : modelLeafAt(view, id);
  const answer = (bytes: Uint8Array): ClientResult => ({
    kind: 'model',
    id,
    model: leaf?.model,
    version: leaf?.version ?? HEIGHT_ZERO,
    anchor,
    proof: bytes,
  });
  if (!proof || id === '') return answer(NO_PROOF);
  if (!isAtHand(view)) return { view, questions: [{ kind: 'model', id }], answer };
  const value = (): Uint8Array | undefined => (leaf === undefined ? undefined : modelValue(id, leaf));
  return answer(proveOne(vault, vault.leaves.keys.paths.model(id), value));
}

function queryProof(view: VaultView, { questions }: Asked<'proof'>): ClientResult | ProofTask {
  if (!view.vault.leaves.reverse && questions.some(needsReverse)) return NO_REVERSE;
  const { anchor } = view;
  return { view, questions, answer: (proof) => ({ kind: 'proof', anchor, proof }) };
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

/**
 * Headers can be read of every block, anything else from the floor on.
 * @param proof whether the answer of a tuple, entity or model carries one
 * @returns the answer, or the proof that is to be made first
 */
export function queryVault(
  view: VaultView,
  query: VaultQuery,
  proof: boolean,
  conditions: Conditions,
): ClientResult | ProofTask | Ics23Task | AuthzTask {
  if (view.isPruned && query.kind !== 'block') return prunedResult(oldestHeight(view.vault));
  switch (query.kind) {
    case 'tuple':
      return queryTuple(view, query, proof);
    case 'entity':
      return queryEntity(view, query, proof);
    case 'model':
      return queryModel(view, query, proof);
    case 'models':
      return listModels(view, query);
    case 'changes':
      return listChanges(view, query);
    case 'proof':
      return queryProof(view, query);
    case 'ics23': {
      const answer = (made: CommitmentProof): ClientResult => ({ kind: 'ics23', anchor: view.anchor, proof: made });
      return { view, question: query.question, answer };
    }
    case 'check':
    case 'listUsers':
    case 'expand':
      return { view, query, conditions, proof };
    case 'listObjects':
      return view.vault.leaves.reverse ? { view, query, conditions, proof } : NO_REVERSE;
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
    case 'checkpoint': // signatures are gathered by the replica: core/signing
      return { kind: 'checkpoint', note: '', size: view.vault.height, signatures: 0 };
    default:
      return unreachable(query);
  }
}
