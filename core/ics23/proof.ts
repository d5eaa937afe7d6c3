/**
 * Existence and absence of one leaf in the form of ICS-23 (vector commitments of the interchain standards), so that verifiers
 * that others wrote and keep check what Vouch commits to. A key is a path, a value the leaf's canonical bytes: every inner
 * node is a step with the 4 bytes before its children as prefix, and absence is the two leaves between which the key would
 * stand. What ICS-23 has no words for is not exported: ranges, batches, expiry (a leaf that is there may have expired), and
 * the absence of anything from an empty tree.
 * Source: cosmos/ics, spec/core/ics-023-vector-commitments; cosmos/ics23, proofs.proto.
 */
import { assert } from '../assert.ts';
import { NO_NODE, type NodeRef, type Side, type TreeView } from '../merkle/arena.ts';
import { bitAt } from '../merkle/bits.ts';
import { HASH_BYTES, LEFT_HASH_AT } from '../merkle/hashes.ts';
import { isPathLength } from '../merkle/path.ts';

/** A step towards the root: SHA-256(prefix ‖ hash of the child ‖ suffix). */
export interface InnerOp {
  /** 0x01 0x00 ‖ u16 bit, and the left child's hash where the step comes from the right. */
  readonly prefix: Uint8Array;
  /** The right child's hash where the step comes from the left, else nothing. */
  readonly suffix: Uint8Array;
}

export interface ExistenceProof {
  /** The leaf's path. */
  readonly key: Uint8Array;
  /** Its canonical value. */
  readonly value: Uint8Array;
  /** From the leaf to the root. */
  readonly path: readonly InnerOp[];
}

/**
 * left, right: the leaves before and behind the key; undefined where there is none. Why no key: the verifier's own question has
 * it, and verifiers do not compare the one that the format has room for.
 */
export type CommitmentProof =
  | { readonly kind: 'exist'; readonly exist: ExistenceProof }
  | { readonly kind: 'nonexist'; readonly left: ExistenceProof | undefined; readonly right: ExistenceProof | undefined };

/** An inner node and the child taken. */
interface Step {
  readonly node: NodeRef;
  readonly side: Side;
}

/** A leaf and the way to it from the root. */
interface Place {
  readonly steps: readonly Step[];
  readonly leaf: NodeRef;
}

/**
 * The ICS-23 proof of what a tree holds at a path, or that it holds nothing there.
 * @param view a tree or a snapshot; it does not change meanwhile, but for buckets that are loaded.
 * @param key a path of 32, 96 or 97 bytes.
 * @param valueAt canonical value of the leaf at a path, as of the view's height. The path is a view that is not kept.
 * @returns undefined for the empty tree, whose absences ICS-23 cannot express.
 */
export function proveIcs23(
  view: TreeView,
  key: Uint8Array,
  valueAt: (path: Uint8Array) => Uint8Array,
): CommitmentProof | undefined {
  assert(isPathLength(key.length), 'a path has 32, 96 or 97 bytes');
  view.reach(key);
  view.treeRoot(); // brings every hash up to date
  if (view.root === NO_NODE) return undefined;
  const place = walk(view, [], view.root, (bit) => bitAt(key, bit) as Side);
  const difference = view.arena.difference(place.leaf, key);
  if (difference < 0) return { kind: 'exist', exist: existenceOf(view, place, valueAt) };
  const beside = (side: Side): ExistenceProof | undefined => {
    const found = neighbour(view, key, side);
    return found === undefined ? undefined : existenceOf(view, found, valueAt);
  };
  return { kind: 'nonexist', left: beside(0), right: beside(1) };
}

/**
 * Paths of the leaves whose values the proof of a key shows: its own where it is there, else those beside it, none in an empty tree.
 * Where a bucket has to be in memory to tell, its byte stands in the place of a path. Copies.
 */
export function ics23Leaves(view: TreeView, key: Uint8Array): readonly Uint8Array[] {
  const { arena, root } = view;
  if (root === NO_NODE) return [];
  const { leaf } = walk(view, [], root, (bit) => bitAt(key, bit) as Side);
  if (arena.isStub(leaf)) return [arena.path(leaf).slice()];
  if (arena.difference(leaf, key) < 0) return [key.slice()];
  const beside = [neighbourInMemory(view, key, 0), neighbourInMemory(view, key, 1)];
  return beside.flatMap((place) => (place === undefined ? [] : [arena.path(place.leaf).slice()]));
}

/** Goes on from a node to a leaf. */
function walk(view: TreeView, above: readonly Step[], from: NodeRef, sideAt: (bit: number) => Side): Place {
  const steps = [...above];
  let node = from;
  while (node > 0) {
    const side = sideAt(view.arena.bit(node));
    steps.push({ node, side });
    node = view.arena.child(node, side);
  }
  return { steps, leaf: node };
}

/**
 * The leaf next to where an absent key would stand. @param side 0: the last one before it; 1: the first one behind it.
 * A bucket that it lies in is loaded; that replaces nodes, so the walk begins anew.
 */
function neighbour(view: TreeView, key: Uint8Array, side: Side): Place | undefined {
  for (;;) {
    const found = neighbourInMemory(view, key, side);
    if (found === undefined || !view.arena.isStub(found.leaf)) return found;
    view.reach(Uint8Array.of(view.arena.bucketOf(found.leaf)));
    assert(!view.arena.isStub(neighbourInMemory(view, key, side)?.leaf ?? NO_NODE), 'a bucket that was reached is in memory');
  }
}

function neighbourInMemory(view: TreeView, key: Uint8Array, side: Side): Place | undefined {
  const { arena } = view;
  const { steps, leaf } = walk(view, [], view.root, (bit) => bitAt(key, bit) as Side);
  const difference = arena.difference(leaf, key);
  const other = (1 - side) as Side;
  // All leaves beneath the first node behind the difference lie on one side of the key, the one that the key's bit does not name.
  const depth = steps.findIndex(({ node }) => arena.bit(node) > difference);
  const above = depth < 0 ? steps : steps.slice(0, depth);
  if (bitAt(key, difference) === other) {
    const top = depth < 0 ? leaf : (steps[depth] as Step).node;
    return walk(view, above, top, () => other);
  }
  // Else the nearest leaf hangs on the other child of the last node at which the key turned away from it.
  const turn = above.findLastIndex((step) => step.side === other);
  if (turn < 0) return undefined;
  const { node } = above[turn] as Step;
  return walk(view, [...above.slice(0, turn), { node, side }], arena.child(node, side), () => other);
}

function existenceOf(view: TreeView, { steps, leaf }: Place, valueAt: (path: Uint8Array) => Uint8Array): ExistenceProof {
  const key = view.arena.path(leaf).slice();
  const path = steps.map(({ node, side }) => innerOp(view, node, side)).reverse();
  return { key, value: valueAt(key), path };
}

/** The preimage of a node without the hash of one child. */
function innerOp({ arena }: TreeView, node: NodeRef, side: Side): InnerOp {
  const bytes = arena.hashBytes(node);
  const left = arena.hashAt(node, 0);
  const right = arena.hashAt(node, 1);
  const prefix = bytes.slice(left - LEFT_HASH_AT, side === 0 ? left : right);
  return { prefix, suffix: side === 0 ? bytes.slice(right, right + HASH_BYTES) : new Uint8Array(0) };
}
