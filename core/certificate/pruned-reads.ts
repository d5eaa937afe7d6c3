/**
 * Answers an evaluation's reads out of a verified tree, and nothing else. What the tree shows whole is complete; of the rest only what
 * it reveals counts, and nothing follows from what is missing. Only what is live at the header's time is there.
 */
import type { ReadAnswer, ReadTuple } from '../authz/reading.ts';
import { compareBytes, startsWith } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { modelPath } from '../merkle/path.ts';
import { isLive, type LeafValue } from '../merkle/value.ts';
import { conditionOf } from '../proof/findings.ts';
import type { ShownLeaf } from '../proof/hash-proof.ts';
import { needsReverse, type Question, targetOf } from '../proof/statement.ts';
import { leafOf, rangeOf, type ShownTree } from '../proof/target-range.ts';
import { questionKey } from './questions.ts';

const NOTHING: ReadAnswer = { tuples: [], complete: false };

export class PrunedReads {
  private readonly hasher: Hasher;
  private readonly header: Header;
  private readonly tree: ShownTree;
  private readonly known: Map<string, ReadAnswer> = new Map();

  /** @param tree under the header's root */
  constructor(hasher: Hasher, header: Header, tree: ShownTree) {
    this.hasher = hasher;
    this.header = header;
    this.tree = tree;
  }

  answer(question: Question): ReadAnswer {
    const key = questionKey(question);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const answer = this.read(question);
    this.known.set(key, answer);
    return answer;
  }

  /** The model under an id, as JSON text; undefined where the tree does not reveal it. */
  model(id: string): string | undefined {
    const range = rangeOf(modelPath(this.hasher, id), this.tree);
    if (typeof range === 'string' || range.to === range.from) return undefined;
    const leaf = leafOf(this.tree, this.tree.leaves[range.from] as ShownLeaf);
    return leaf.kind === 'model' ? leaf.model : undefined;
  }

  private read(question: Question): ReadAnswer {
    // Without the flag a tuple may have no reverse leaf, so nothing follows from those that are there.
    if (needsReverse(question) && !this.header.reverse) return NOTHING;
    const target = targetOf(this.hasher, question);
    const range = rangeOf(target, this.tree);
    if (typeof range !== 'string') return this.tuplesOf(range.from, range.to, true);
    const from = this.firstFrom(target);
    let to = from;
    while (to < this.tree.leaves.length && startsWith((this.tree.leaves[to] as ShownLeaf).path, target)) to += 1;
    return this.tuplesOf(from, to, false);
  }

  /** Live tuples among the shown leaves [from, to) that are revealed. A tuple that no ledger takes in hides what it is. */
  private tuplesOf(from: number, to: number, isWhole: boolean): ReadAnswer {
    const tuples: ReadTuple[] = [];
    let complete = isWhole;
    for (let i = from; i < to; i += 1) {
      const shown = this.tree.leaves[i] as ShownLeaf;
      if (!shown.revealed) continue;
      const leaf = leafOf(this.tree, shown);
      if ((leaf.kind !== 'tuple' && leaf.kind !== 'reverse') || !isReadable(leaf)) complete = false;
      else if (isLive(leaf.expiresAt, this.header.time)) {
        const { resource, relation, subject } = leaf;
        tuples.push({ tuple: { resource, relation, subject }, condition: conditionOf(leaf) });
      }
    }
    return { tuples, complete };
  }

  /** Index of the first shown leaf whose path is not before the target. */
  private firstFrom(target: Uint8Array): number {
    const { leaves } = this.tree;
    let low = 0;
    let high = leaves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes((leaves[middle] as ShownLeaf).path, target) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether the evaluator can read a tuple's condition: it takes the context for a JSON object. */
function isReadable(leaf: LeafValue): boolean {
  if (leaf.kind !== 'tuple' || leaf.conditionName === '') return true;
  try {
    const context: unknown = JSON.parse(leaf.conditionContext);
    return typeof context === 'object' && context !== null && !Array.isArray(context);
  } catch {
    return false;
  }
}
