/**
 * The prover: one pruned tree for the union of some targets (path prefixes), in canonical bytes. Order and duplicates of
 * the targets do not matter. It hashes nothing: every pruned hash already stands in a parent.
 *
 * A target's node is the first on the way down whose bit lies behind the prefix, or a leaf. If its leftmost leaf has the
 * prefix, all its leaves are the answer and are revealed; otherwise the answer is empty, and that leaf is its boundary.
 */
import { assert } from '../assert.ts';
import { compareBytes, startsWith } from '../bytes/compare.ts';
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
  for (const target of targets) view.reach(target);
  const prover = new Prover(view, targets, valueAt);
  prover.work(Number.POSITIVE_INFINITY);
  return prover.finish();
}

/** The same in steps. What the targets lead to is in memory. */
export class Prover {
  private readonly out: ProofBytes = new ProofBytes();
  private readonly emitter: Emitter | undefined;

  /** As `prove`. The view stands still until the proof is finished. */
  constructor(view: TreeView, targets: readonly Uint8Array[], valueAt: (path: Uint8Array) => Uint8Array) {
    assert(targets.length > 0, 'a proof has a target');
    view.treeRoot(); // brings every hash up to date
    this.out.byte(PROOF_FORMAT);
    if (view.root === NO_NODE) this.out.byte(NodeTag.empty);
    else
      this.emitter = new Emitter({
        arena: view.arena,
        root: view.root,
        shown: shownLeaves(view, targets),
        out: this.out,
        valueAt,
      });
  }

  /** Shows so many leaves more. @returns whether that was all */
  work(leaves: number): boolean {
    return this.emitter === undefined || this.emitter.work(leaves);
  }

  /** Bytes so far. */
  get size(): number {
    return this.out.size;
  }

  finish(): Uint8Array {
    return this.out.finish();
  }
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
  new Emitter({ arena: view.arena, root: view.root, shown, out, valueAt }).work(Number.POSITIVE_INFINITY);
  return out.finish();
}

/** The leaves that the targets need, each once, in path order. */
function shownLeaves(view: TreeView, targets: readonly Uint8Array[]): readonly Shown[] {
  const { arena } = view;
  const needed: Map<NodeRef, Shown> = new Map();
  // In order, so that the leaves come nearly so: what is sorted below is nearly sorted already.
  const ordered = targets.length > 1 ? [...targets].sort(compareBytes) : targets;
  for (const target of ordered) {
    const node = nodeOf(view, target);
    const leaf = arena.leftmost(node);
    const path = arena.path(leaf);
    const found = startsWith(path, target);
    if (targets.length === 1 && (node === leaf || !found)) return [{ leaf, path, revealed: found }];
    if (found) reveal(arena, node, needed);
    else if (!needed.has(leaf)) needed.set(leaf, { leaf, path, revealed: false });
  }
  const shown = [...needed.values()];
  if (targets.length > 1) shown.sort((a, b) => compareBytes(a.path, b.path));
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

class Emitter {
  private readonly arena: NodeArena;
  private readonly shown: readonly Shown[];
  private readonly out: ProofBytes;
  private readonly valueAt: (path: Uint8Array) => Uint8Array;
  /** Subtrees that are still to be written, the next one last: their nodes, and the first of the leaves that they show. They end where the one before begins. */
  private readonly nodes: NodeRef[];
  private readonly starts: number[] = [0];
  /** Shown leaves that are written. */
  private written: number = 0;

  constructor(parts: {
    readonly arena: NodeArena;
    readonly root: NodeRef;
    /** At least one. */
    readonly shown: readonly Shown[];
    readonly out: ProofBytes;
    readonly valueAt: (path: Uint8Array) => Uint8Array;
  }) {
    this.arena = parts.arena;
    this.shown = parts.shown;
    this.out = parts.out;
    this.valueAt = parts.valueAt;
    this.nodes = [parts.root];
  }

  /** Writes on, down to so many leaves more. @returns whether that was all */
  work(leaves: number): boolean {
    const until = this.written + leaves;
    while (this.nodes.length > 0 && this.written < until) this.toLeaf();
    return this.nodes.length === 0;
  }

  /** Writes the next subtree down to its first shown leaf; what branches off to the right of the way waits. */
  private toLeaf(): void {
    const { arena, out, shown, nodes, starts } = this;
    let node = nodes.pop() as NodeRef;
    const start = starts.pop() as number;
    let to = nodes.length === 0 ? shown.length : (starts[starts.length - 1] as number);
    while (node > 0) {
      const bit = arena.bit(node);
      const parting = this.parting(start, to, bit);
      if (parting > start && parting < to) {
        out.branch(NodeTag.inner, bit);
        nodes.push(arena.child(node, 1));
        starts.push(parting);
        node = arena.child(node, 0);
        to = parting;
        continue;
      }
      const taken: Side = parting === start ? 1 : 0;
      out.branch(taken === 1 ? NodeTag.leftPruned : NodeTag.rightPruned, bit);
      out.run(arena.hashBytes(node), arena.hashAt(node, (1 - taken) as Side), HASH_BYTES);
      node = arena.child(node, taken);
    }
    this.leaf(shown[start] as Shown);
    this.written += 1;
  }

  /** The first of the leaves [from, to) that lies on the right side of a bit: they are in path order and agree before it. */
  private parting(from: number, to: number, bit: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bitAt((this.shown[middle] as Shown).path, bit) === 0) low = middle + 1;
      else high = middle;
    }
    return low;
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

  get size(): number {
    return this.length;
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
