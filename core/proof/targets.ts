/**
 * Stage *targets*: walks from the root to each target, collects its leaves, and demands that the proof shows exactly what
 * the targets need, in exactly the form they need it. So one statement has one proof.
 */

import { startsWith } from '../bytes/compare.ts';
import { refused } from '../bytes/parsed.ts';
import { toHex } from '../bytes/text.ts';
import { bitAt } from '../merkle/bits.ts';
import type { LeafValue } from '../merkle/value.ts';
import { NOT_SHOWN, type ProofNode } from './decode-proof.ts';
import { NodeTag, TARGET_BYTES_MAX, TARGET_BYTES_MIN } from './format.ts';
import type { ShownLeaf } from './hash-proof.ts';

/** A leaf that a proof reveals. */
export interface RevealedLeaf {
  readonly path: Uint8Array;
  /** Its canonical bytes, a copy. */
  readonly value: Uint8Array;
  /** The same, decoded. */
  readonly leaf: LeafValue;
}

/** results: per target; equal targets have one and the same list. */
export type ResolvedTargets =
  | { readonly ok: true; readonly results: readonly (readonly RevealedLeaf[])[] }
  | { readonly ok: false; readonly reason: string };

export interface TargetsQuestion {
  readonly proof: Uint8Array;
  readonly nodes: readonly ProofNode[];
  readonly leaves: readonly ShownLeaf[];
  readonly targets: readonly Uint8Array[];
}

/** Shown leaves, as indices. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a target needs of a leaf. Revealed wins over boundary. */
const Need = { none: 0, boundary: 1, revealed: 2 } as const;

/** The leaves of each target, or why the proof does not answer exactly these targets. */
export function resolveTargets(question: TargetsQuestion): ResolvedTargets {
  const { nodes, leaves, targets } = question;
  if (targets.length === 0) return refused('no target');
  const needs = new Uint8Array(leaves.length);
  const ranges: Range[] = [];
  // Who sends the answer may repeat a question at will: a long list is gone through once for all of them.
  const known = new Map<string, Range>();
  for (const target of targets) {
    if (target.length < TARGET_BYTES_MIN || target.length > TARGET_BYTES_MAX) {
      return refused('a target not of 1 to 97 bytes');
    }
    const name = toHex(target);
    const range = known.get(name) ?? rangeOf(target, nodes, leaves, needs);
    if (typeof range === 'string') return refused(range);
    known.set(name, range);
    ranges.push(range);
  }
  for (let i = 0; i < leaves.length; i += 1) {
    if (needs[i] === Need.none) return refused('superfluous leaf');
    if (needs[i] === Need.boundary && (leaves[i] as ShownLeaf).revealed) {
      return refused('superfluous value: a boundary is shown with its value');
    }
  }
  const revealed: (RevealedLeaf | undefined)[] = [];
  const resultOf = new Map<Range, readonly RevealedLeaf[]>();
  for (const range of new Set(ranges)) {
    const result: RevealedLeaf[] = [];
    for (let i = range.from; i < range.to; i += 1) {
      revealed[i] ??= revealedLeaf(question, leaves[i] as ShownLeaf);
      result.push(revealed[i] as RevealedLeaf);
    }
    resultOf.set(range, result);
  }
  return { ok: true, results: ranges.map((range) => resultOf.get(range) as readonly RevealedLeaf[]) };
}

/** Index of the first shown leaf whose node is not before `node`. */
function firstLeafFrom(leaves: readonly ShownLeaf[], node: number): number {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((leaves[middle] as ShownLeaf).node < node) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The shown leaves that answer a target, marking what it needs; or why the proof does not answer it. */
function rangeOf(
  target: Uint8Array,
  nodes: readonly ProofNode[],
  leaves: readonly ShownLeaf[],
  needs: Uint8Array,
): Range | string {
  const bits = target.length * 8;
  let index = 0;
  let node = nodes[0] as ProofNode;
  if (node.tag === NodeTag.empty) return { from: 0, to: 0 };
  while (node.tag < NodeTag.revealed && node.bit < bits) {
    index = bitAt(target, node.bit) === 0 ? node.left : node.right;
    if (index === NOT_SHOWN) return 'incomplete: the walk ends in a pruned node';
    node = nodes[index] as ProofNode;
  }
  let leftmost = node;
  while (leftmost.tag < NodeTag.revealed) {
    if (leftmost.left === NOT_SHOWN) return 'the leftmost leaf of the target node is pruned';
    leftmost = nodes[leftmost.left] as ProofNode;
  }
  const from = firstLeafFrom(leaves, index);
  if (!startsWith((leaves[from] as ShownLeaf).path, target)) {
    needs[from] = Math.max(needs[from] as number, Need.boundary);
    return { from, to: from };
  }
  for (let i = index; i < node.end; i += 1) {
    const tag = (nodes[i] as ProofNode).tag;
    if (tag === NodeTag.leftPruned || tag === NodeTag.rightPruned) return 'hidden: a pruned node inside the range';
    if (tag === NodeTag.boundary) return 'value withheld: a result is shown as a boundary';
  }
  const to = firstLeafFrom(leaves, node.end);
  needs.fill(Need.revealed, from, to);
  return { from, to };
}

function revealedLeaf(question: TargetsQuestion, shown: ShownLeaf): RevealedLeaf {
  const node = question.nodes[shown.node] as ProofNode;
  const value = question.proof.slice(node.at, node.at + node.length);
  return { path: shown.path, value, leaf: node.value as LeafValue };
}
