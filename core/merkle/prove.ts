/**
 * The prover: one pruned tree for the union of some targets (path prefixes), in canonical bytes. Order and duplicates of
 * the targets do not matter. It hashes nothing: every pruned hash already stands in a parent.
 *
 * A target's node is the first on the way down whose bit lies behind the prefix, or a leaf. If its leftmost leaf has the
 * prefix, all its leaves are the answer and are revealed; otherwise the answer is empty, and that leaf is its boundary.
 */
import { assert } from '../assert.ts';
import { startsWith } from '../bytes/compare.ts';
import { NodeTag, PROOF_FORMAT, TARGET_BYTES_MAX, TARGET_BYTES_MIN } from '../proof/format.ts';
import { NO_NODE, type NodeArena, type NodeRef, type Side, type TreeView } from './arena.ts';
import { bitAt } from './bits.ts';
import { HASH_BYTES } from './hashes.ts';

/** A leaf to be shown. Revealed wins over boundary where targets differ. */
interface Shown {
  readonly leaf: NodeRef;
  readonly path: Uint8Array;
  revealed: boolean;
}

/**
 * The canonical proof for the targets.
 * @param view a tree or a snapshot; it does not change meanwhile.
 * @param targets prefixes of 1 to 97 bytes, at least one.
 * @param valueAt canonical value of the leaf at a path, as of the view's height. The path is a view that is not kept.
 */
export function prove(view: TreeView, targets: readonly Uint8Array[], valueAt: (path: Uint8Array) => Uint8Array): Uint8Array {
  assert(targets.length > 0, 'a proof has a target');
  for (const target of targets) view.reach(target);
  view.treeRoot(); // brings every hash up to date
  const out = new ProofBytes();
  out.byte(PROOF_FORMAT);
  if (view.root === NO_NODE) out.byte(NodeTag.empty);
  else {
    const shown = shownLeaves(view, targets);
    new Emitter({ arena: view.arena, shown, out, valueAt }).emit(view.root, 0, shown.length);
  }
  return out.finish();
}

/** Pruned tree of a run of leaves: what a chunk of a snapshot consists of (core/snapshot/leaf-chunk.ts). */
export function proveRun(
  view: TreeView,
  run: readonly { readonly leaf: NodeRef; readonly value: Uint8Array | undefined }[],
): Uint8Array {
  assert(run.length > 0, 'a run holds a leaf');
  view.treeRoot(); // brings every hash up to date
  const out = new ProofBytes();
  out.byte(PROOF_FORMAT);
  const shown = run.map(({ leaf, value }) => ({ leaf, path: view.arena.path(leaf), revealed: value !== undefined }));
  let next = 0;
  // Leaves are written in path order, so the values come in the order of the run.
  const valueAt = (): Uint8Array => {
    while ((run[next] as (typeof run)[number]).value === undefined) next += 1;
    next += 1;
    return (run[next - 1] as (typeof run)[number]).value as Uint8Array;
  };
  new Emitter({ arena: view.arena, shown, out, valueAt }).emit(view.root, 0, shown.length);
  return out.finish();
}

/** The leaves that the targets need, each once, in path order. */
function shownLeaves(view: TreeView, targets: readonly Uint8Array[]): readonly Shown[] {
  const { arena } = view;
  const needed: Map<NodeRef, Shown> = new Map();
  for (const target of targets) {
    const node = nodeOf(view, target);
    const leaf = arena.leftmost(node);
    const path = arena.path(leaf);
    const found = startsWith(path, target);
    if (targets.length === 1 && (node === leaf || !found)) return [{ leaf, path, revealed: found }];
    if (found) reveal(arena, node, needed);
    else if (!needed.has(leaf)) needed.set(leaf, { leaf, path, revealed: false });
  }
  const shown = [...needed.values()];
  if (shown.length > 1) shown.sort(byPath);
  return shown;
}

/** The first node on the way to the target whose bit lies behind the target, or a leaf. */
function nodeOf(view: TreeView, target: Uint8Array): NodeRef {
  const { arena } = view;
  const bits = target.length * 8;
  assert(target.length >= TARGET_BYTES_MIN && target.length <= TARGET_BYTES_MAX, 'a target has 1 to 97 bytes');
  let node = view.root;
  while (node > 0) {
    const bit = arena.bit(node);
    if (bit >= bits) break;
    node = arena.child(node, bitAt(target, bit) as Side);
  }
  return node;
}

/** Marks all leaves beneath a node as revealed. */
function reveal(arena: NodeArena, from: NodeRef, needed: Map<NodeRef, Shown>): void {
  const open: NodeRef[] = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node > 0) {
      open.push(arena.child(node, 1), arena.child(node, 0));
      continue;
    }
    const known = needed.get(node);
    if (known === undefined) needed.set(node, { leaf: node, path: arena.path(node), revealed: true });
    else known.revealed = true;
  }
}

/** Path order. No path is a prefix of another, so two paths differ before the shorter one ends. */
function byPath(a: Shown, b: Shown): number {
  for (let i = 0; i < a.path.length; i += 1) {
    const difference = (a.path[i] as number) - (b.path[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

class Emitter {
  private readonly arena: NodeArena;
  private readonly shown: readonly Shown[];
  private readonly out: ProofBytes;
  private readonly valueAt: (path: Uint8Array) => Uint8Array;

  constructor(parts: {
    readonly arena: NodeArena;
    readonly shown: readonly Shown[];
    readonly out: ProofBytes;
    readonly valueAt: (path: Uint8Array) => Uint8Array;
  }) {
    this.arena = parts.arena;
    this.shown = parts.shown;
    this.out = parts.out;
    this.valueAt = parts.valueAt;
  }

  /**
   * Writes the node with shown leaves [from, to), at least one. It goes down in a loop and recurses only where both sides
   * are shown; a path's bits bound the recursion.
   */
  emit(top: NodeRef, from: number, to: number): void {
    const { arena, out, shown } = this;
    let node = top;
    let start = from;
    while (node > 0) {
      const bit = arena.bit(node);
      let parting = start;
      while (parting < to && bitAt((shown[parting] as Shown).path, bit) === 0) parting += 1;
      if (parting > start && parting < to) {
        out.branch(NodeTag.inner, bit);
        this.emit(arena.child(node, 0), start, parting);
        start = parting;
        node = arena.child(node, 1);
        continue;
      }
      const taken: Side = parting === start ? 1 : 0;
      out.branch(taken === 1 ? NodeTag.leftPruned : NodeTag.rightPruned, bit);
      out.run(arena.hashBytes(node), arena.hashAt(node, (1 - taken) as Side), HASH_BYTES);
      node = arena.child(node, taken);
    }
    this.leaf(shown[start] as Shown);
  }

  private leaf(shown: Shown): void {
    const { out } = this;
    if (shown.revealed) {
      const value = this.valueAt(shown.path);
      out.branch(NodeTag.revealed, value.length >>> 16);
      out.byte((value.length >>> 8) & 0xff);
      out.byte(value.length & 0xff);
      out.run(value, 0, value.length);
      return;
    }
    out.byte(NodeTag.boundary);
    out.byte(shown.path.length);
    out.run(shown.path, 0, shown.path.length);
    out.run(this.arena.valueHash(shown.leaf), 0, HASH_BYTES);
  }
}

/** A growing byte string. Why not Writer: it copies runs from an offset without making a view of them. */
class ProofBytes {
  private bytes: Uint8Array = new Uint8Array(1024);
  private length: number = 0;

  private reserve(count: number): number {
    const at = this.length;
    this.length = at + count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return at;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  /** A tag and a u16. */
  branch(tag: number, word: number): void {
    const at = this.reserve(3);
    const { bytes } = this;
    bytes[at] = tag;
    bytes[at + 1] = word >> 8;
    bytes[at + 2] = word;
  }

  /** The count bytes of from at offset. */
  run(from: Uint8Array, offset: number, count: number): void {
    const at = this.reserve(count);
    const { bytes } = this;
    if (count > 256) bytes.set(from.subarray(offset, offset + count), at);
    else for (let i = 0; i < count; i += 1) bytes[at + i] = from[offset + i] as number;
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
