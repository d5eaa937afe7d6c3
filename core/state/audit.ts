/**
 * Whether everything a vault knows agrees: rows, reverse rows, expiry index, commitment tree, chain. A full scan that
 * trusts nothing but the rows of tuples, entities and models and recomputes the rest; for simulator oracles and tests.
 */
import { equalBytes } from '../bytes/compare.ts';
import { blockHash, decodeHeader } from '../chain/header.ts';
import { transactionsRoot } from '../chain/merkle-log.ts';
import { hashOf } from '../hasher.ts';
import { plus } from '../ids.ts';
import { entityPath, modelPath, reversePath, tuplePath } from '../merkle/path.ts';
import { CommitmentTree } from '../merkle/tree.ts';
import {
  entityOfKey,
  expiryOfKey,
  modelOfKey,
  modelOfOrderKey,
  tableRange,
  tupleOfKey,
  tupleOfReverseKey,
} from './key-reader.ts';
import { Table } from './keys.ts';
import { entityValue, modelValue, reverseValue, tupleValue } from './leaf-values.ts';
import { decodeRetentionRow, oldestHeight, RETENTION_KEY } from './retention.ts';
import { decodeEntityRow, decodeModelRow, decodeTupleRow, rowExpiresAt, rowVersion } from './rows.ts';
import type { Vault } from './vault.ts';

/** What the forward rows call for. */
interface Expected {
  readonly tree: CommitmentTree;
  readonly tuples: number;
  readonly expiries: number;
  readonly models: number;
}

/** Rebuilds the commitment tree from the rows; checks that each tuple has its reverse row and each expiry its index row. */
function rebuild(vault: Vault): Expected | string {
  const { hasher, rows, keys, reverse } = vault.leaves;
  const tree = new CommitmentTree(hasher);
  let tuples = 0;
  let expiries = 0;
  for (const { key, value } of rows.scan(tableRange(Table.tuple))) {
    const tuple = tupleOfKey(key);
    const leaf = decodeTupleRow(value);
    if (leaf.version < 1 || leaf.version > vault.height) return 'a tuple row has the version of no block';
    const valueHash = hashOf(hasher, tupleValue(tuple, leaf));
    tree.set(tuplePath(hasher, tuple), valueHash);
    tuples += 1;
    if (leaf.expiresAt !== 0) {
      expiries += 1;
      if (!rows.has(keys.expiry(leaf.expiresAt, keys.tuple(tuple)))) return 'a tuple that expires has no expiry row';
    }
    if (!reverse) continue;
    tree.set(reversePath(hasher, tuple), hashOf(hasher, reverseValue(tuple, leaf, valueHash)));
    const back = rows.get(keys.reverse(tuple));
    if (back === undefined) return 'a tuple has no reverse row';
    if (rowExpiresAt(back) !== leaf.expiresAt || rowVersion(back) !== leaf.version) return 'a reverse row differs from its tuple';
  }
  for (const { key, value } of rows.scan(tableRange(Table.entity))) {
    const name = entityOfKey(key);
    const leaf = decodeEntityRow(value);
    if (leaf.version < 1 || leaf.version > vault.height) return 'an entity row has the version of no block';
    tree.set(entityPath(hasher, name), hashOf(hasher, entityValue(name, leaf)));
    if (leaf.expiresAt === 0) continue;
    expiries += 1;
    if (!rows.has(keys.expiry(leaf.expiresAt, keys.entity(name)))) return 'an entity that expires has no expiry row';
  }
  let models = 0;
  for (const { key, value } of rows.scan(tableRange(Table.model))) {
    const id = modelOfKey(key);
    const leaf = decodeModelRow(value);
    if (leaf.version < 1 || leaf.version > vault.height) return 'a model row has the version of no block';
    tree.set(modelPath(hasher, id), hashOf(hasher, modelValue(id, leaf)));
    models += 1;
  }
  return { tree, tuples, expiries, models };
}

/** Reverse rows, expiry rows and places of models that nothing calls for. */
function findOrphan(vault: Vault, expected: Expected): string | undefined {
  const { rows, keys } = vault.leaves;
  let reverses = 0;
  for (const { key } of rows.scan(tableRange(Table.reverse))) {
    reverses += 1;
    if (!rows.has(keys.tuple(tupleOfReverseKey(key)))) return 'a reverse row has no tuple';
  }
  if (vault.leaves.reverse && reverses !== expected.tuples) return 'there are not as many reverse rows as tuples';
  let expiries = 0;
  for (const { key } of rows.scan(tableRange(Table.expiry))) {
    const { expiresAt, leafKey } = expiryOfKey(key);
    const row = rows.get(leafKey);
    expiries += 1;
    if (row === undefined || rowExpiresAt(row) !== expiresAt) return 'an expiry row has no leaf';
  }
  if (expiries !== expected.expiries) return 'there are not as many expiry rows as leaves that expire';
  let models = 0;
  let version = 0;
  for (const { key } of rows.scan(tableRange(Table.modelOrder))) {
    const leaf = vault.leaves.model(modelOfOrderKey(key));
    if (leaf === undefined) return 'a place in the order of models has no model';
    if (leaf.version < version) return 'models do not stand in the order of writing';
    version = leaf.version;
    models += 1;
  }
  return models === expected.models ? undefined : 'there are not as many places in the order as models';
}

/** The commitment tree and the newest header against the rebuilt tree. */
function compareTrees(vault: Vault, expected: CommitmentTree): string | undefined {
  const { tree } = vault.leaves;
  if (tree.size !== expected.size) return 'the commitment tree has not as many leaves as the rows call for';
  for (let bucket = 0; bucket < 256; bucket += 1) {
    if (!equalBytes(tree.bucketHash(bucket), expected.bucketHash(bucket))) return `bucket ${bucket} differs from its rows`;
  }
  const { stateRoot, treeRoot } = vault.anchor;
  if (!equalBytes(stateRoot, expected.stateRoot())) return 'the newest state root differs from the rows';
  return equalBytes(treeRoot, expected.treeRoot()) ? undefined : 'the newest tree root differs from the rows';
}

/** Every header: its place in the chain, the log, its transactions, growing time. */
function walkChain(vault: Vault): string | undefined {
  const { hasher } = vault.leaves;
  if (vault.log.size !== vault.height) return 'the log has not as many leaves as there are blocks';
  let previousHash: Uint8Array = new Uint8Array(32);
  let previousTime = -1;
  const floor = oldestHeight(vault);
  for (let height = plus(vault.height, 1 - vault.height); height <= vault.height; height = plus(height, 1)) {
    const anchor = vault.anchorAt(height);
    const decoded = decodeHeader(anchor.header);
    if (!decoded.ok) return `the header of block ${height} does not decode`;
    const header = decoded.value;
    if (header.height !== height) return `the header of block ${height} names another height`;
    if (!equalBytes(header.previousHash, previousHash)) return `block ${height} does not name its previous block`;
    if (header.time <= previousTime) return `block ${height} is not later than its previous block`;
    if (height >= floor && !equalBytes(header.transactionsRoot, transactionsRoot(hasher, vault.transactionsAt(height)))) {
      return `the transactions of block ${height} do not have its root`;
    }
    previousHash = blockHash(hasher, anchor.header);
    previousTime = Number(header.time);
    if (!equalBytes(vault.log.leaf(height - 1), previousHash)) return `leaf ${height - 1} of the log is not block ${height}`;
  }
  return equalBytes(vault.anchor.blockHash, previousHash) ? undefined : 'the newest anchor is not the newest block';
}

/** What is kept of the past; transactions below the floor may be gone. */
function checkRetention(vault: Vault): string | undefined {
  const row = vault.leaves.rows.get(RETENTION_KEY);
  if (row === undefined) return undefined;
  const state = decodeRetentionRow(row);
  if (state === undefined) return 'the retention row does not decode';
  return state.floor <= vault.height ? undefined : 'the oldest height that can be read is above the newest block';
}

/** The first disagreement as a sentence, or undefined where everything agrees. Costs a full scan. */
export function auditVault(vault: Vault): string | undefined {
  const expected = rebuild(vault);
  if (typeof expected === 'string') return expected;
  return findOrphan(vault, expected) ?? compareTrees(vault, expected.tree) ?? checkRetention(vault) ?? walkChain(vault);
}
