/**
 * An ICS-23 proof under way, as proof-work.ts has them: the tree of the block, the leaves that the proof is to show, their rows, the
 * proof. Why rows are searched for: absence shows the leaves beside a place in the tree, and a path does not say its names; so the
 * rows of its bucket are read until one has it.
 */
import { defined, InvariantError } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import type { ClientResult } from '../client/protocol.ts';
import { type CommitmentProof, ics23Leaves, proveIcs23 } from '../ics23/proof.ts';
import type { TreeView } from '../merkle/arena.ts';
import { ENTITY_PATH_BYTES, REVERSE_PATH_BYTES, TUPLE_PATH_BYTES } from '../merkle/path.ts';
import type { TreeSnapshot } from '../merkle/snapshot.ts';
import { encodeValue } from '../merkle/value.ts';
import { type PointQuestion, targetOf } from '../proof/statement.ts';
import { prefixRange } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { isAtHand, type MissingBucket, pastTree } from './past-tree.ts';
import type { ProofLimits } from './proof-work.ts';
import { errorResult } from './results.ts';
import { oldestHeight } from './retention.ts';
import { leafOfRow, pathOfKey } from './row-leaf.ts';
import { RowsAt } from './rows-at.ts';
import type { VaultView } from './vault-view.ts';

export interface Ics23Task {
  readonly view: VaultView;
  readonly question: PointQuestion;
  readonly answer: (proof: CommitmentProof) => ClientResult;
}

/** Where the rows of leaves with paths of that length stand. */
const TABLES_OF: ReadonlyMap<number, readonly number[]> = new Map([
  [TUPLE_PATH_BYTES, [Table.tuple]],
  [REVERSE_PATH_BYTES, [Table.reverse]],
  [ENTITY_PATH_BYTES, [Table.model, Table.entity]],
]);

/** Yields once a bucket, a row and a leaf. */
export function* ics23Steps({ view, question, answer }: Ics23Task, limits: ProofLimits): Generator<void, ClientResult> {
  const { vault, height, isNewest } = view;
  const { leaves } = vault;
  const { hasher } = leaves;
  const image = leaves.rows.snapshot();
  let present: TreeSnapshot | undefined;
  try {
    const key = targetOf(hasher, question);
    const at = new RowsAt({ rows: image, keys: leaves.keys.beside, height, floor: oldestHeight(vault), isNewest });
    const missing: MissingBucket = (tree) => ics23Leaves(tree, key).find((path) => path.length === 1)?.[0];
    if (isNewest && isAtHand(leaves, missing)) present = leaves.tree.snapshot();
    const { treeRoot } = view.anchor;
    const leavesMax = limits.rebuiltLeavesMax;
    const tree: TreeView | undefined = present ?? (yield* pastTree({ hasher, at, treeRoot, missing, leavesMax }));
    if (tree === undefined) return tooLarge(leavesMax);
    const shown: ShownLeaf[] = [];
    for (const path of ics23Leaves(tree, key)) {
      const leaf = equalBytes(path, key) ? namedLeaf(hasher, at, question) : yield* leafAt(hasher, at, path, leavesMax);
      if (leaf === undefined) return tooLarge(leavesMax);
      shown.push(leaf);
    }
    const proof = proveIcs23(tree, key, (path) => {
      const leaf = shown.find((one) => equalBytes(one.path, path));
      return defined(leaf, 'a leaf in the tree has its row').value;
    });
    return proof === undefined ? emptyTree(height) : answer(proof);
  } finally {
    present?.release();
    image.release();
  }
}

interface ShownLeaf {
  readonly path: Uint8Array;
  /** Canonical bytes. */
  readonly value: Uint8Array;
}

/** The leaf that a question names and that is in the tree. */
function namedLeaf(hasher: Hasher, at: RowsAt, question: PointQuestion): ShownLeaf {
  const key = keyOf(at.keys, question).slice();
  const { path, value } = leafOfRow(hasher, at, key, defined(at.row(key), 'a leaf in the tree has its row'));
  return { path, value: encodeValue(value) };
}

function keyOf(keys: KeyBuilder, question: PointQuestion): Uint8Array {
  if (question.kind === 'tuple') return keys.tuple(question.tuple);
  return question.kind === 'model' ? keys.model(question.id) : keys.entity(question.key);
}

/** The leaf at a path that is in the tree; undefined where more rows of its bucket stand before it than may be read. */
function* leafAt(hasher: Hasher, at: RowsAt, path: Uint8Array, rowsMax: number): Generator<void, ShownLeaf | undefined> {
  const tables = defined(TABLES_OF.get(path.length), 'a path has one of three lengths');
  let rows = 0;
  for (const table of tables) {
    for (const { key, row } of at.scan(prefixRange(Uint8Array.of(table, path[0] as number)))) {
      yield;
      rows += 1;
      if (rows > rowsMax) return undefined;
      if (row !== undefined && equalBytes(pathOfKey(at.keys, key), path)) {
        return { path, value: encodeValue(leafOfRow(hasher, at, key, row).value) };
      }
    }
  }
  throw new InvariantError('a leaf in the tree has its row');
}

function tooLarge(leavesMax: number): ClientResult {
  return errorResult(
    'proof_too_large',
    `an ICS-23 proof shows the leaves beside an absent one, and they lie among more than ${leavesMax} others; ask for a proof in Vouch's own form, which needs none of their values`,
  );
}

function emptyTree(height: number): ClientResult {
  return errorResult(
    'proof_unavailable',
    `at block ${height} this vault holds nothing, and ICS-23 has no proof of absence from an empty tree; ask for a proof in Vouch's own form`,
  );
}
