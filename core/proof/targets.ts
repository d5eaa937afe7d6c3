/**
 * Stage *targets*: walks from the root to each target, collects its leaves, and demands that the proof shows exactly what
 * the targets need, in exactly the form they need it. So one statement has one proof.
 */

import { refused } from '../bytes/parsed.ts';
import { toHex } from '../bytes/text.ts';
import { TARGET_BYTES_MAX, TARGET_BYTES_MIN } from './format.ts';
import type { ShownLeaf } from './hash-proof.ts';
import { type RevealedLeaf, rangeOf, revealedLeaf, type ShownTree, type TargetRange } from './target-range.ts';

/** results: per target; equal targets have one and the same list. */
export type ResolvedTargets =
  | { readonly ok: true; readonly results: readonly (readonly RevealedLeaf[])[] }
  | { readonly ok: false; readonly reason: string };

/** What a target needs of a leaf. Revealed wins over boundary. */
const Need = { none: 0, boundary: 1, revealed: 2 } as const;

/** The leaves of each target, or why the proof does not answer exactly these targets. */
export function resolveTargets(tree: ShownTree, targets: readonly Uint8Array[]): ResolvedTargets {
  const { leaves } = tree;
  if (targets.length === 0) return refused('no target');
  const needs = new Uint8Array(leaves.length);
  const ranges: TargetRange[] = [];
  // Who sends the answer may repeat a question at will: a long list is gone through once for all of them.
  const known = new Map<string, TargetRange>();
  for (const target of targets) {
    if (target.length < TARGET_BYTES_MIN || target.length > TARGET_BYTES_MAX) {
      return refused('a target not of 1 to 97 bytes');
    }
    const name = toHex(target);
    let range = known.get(name);
    if (range === undefined) {
      const found = rangeOf(target, tree);
      if (typeof found === 'string') return refused(found);
      const { from, to } = found;
      // Of the empty tree there is no need to mark, and the write goes nowhere.
      if (from === to) needs[from] ||= Need.boundary;
      needs.fill(Need.revealed, from, to);
      known.set(name, found);
      range = found;
    }
    ranges.push(range);
  }
  for (let i = 0; i < leaves.length; i += 1) {
    if (needs[i] === Need.none) return refused('superfluous leaf');
    if (needs[i] === Need.boundary && (leaves[i] as ShownLeaf).revealed) {
      return refused('superfluous value: a boundary is shown with its value');
    }
  }
  const revealed: (RevealedLeaf | undefined)[] = [];
  const resultOf = new Map<TargetRange, readonly RevealedLeaf[]>();
  for (const range of new Set(ranges)) {
    const result: RevealedLeaf[] = [];
    for (let i = range.from; i < range.to; i += 1) {
      revealed[i] ??= revealedLeaf(tree, leaves[i] as ShownLeaf);
      result.push(revealed[i] as RevealedLeaf);
    }
    resultOf.set(range, result);
  }
  return { ok: true, results: ranges.map((range) => resultOf.get(range) as readonly RevealedLeaf[]) };
}
