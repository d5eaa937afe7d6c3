/**
 * What the leaves of a proof say to each question, once the proof holds. Only what is live at the header's time counts; what has
 * expired and is still in the tree is shown by the proof, and is absent.
 */
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { isLive, type LeafValue } from '../merkle/value.ts';
import type { TupleCondition, TupleKey } from '../state/transaction.ts';
import { type ProofStage, verifyPrunedTree } from './pruned-tree.ts';
import { needsReverse, type Question, targetOf } from './statement.ts';
import type { RevealedLeaf } from './target-range.ts';

/** A live tuple. */
export interface FoundTuple {
  readonly tuple: TupleKey;
  /** The condition under which it holds, which is shown, not evaluated. Of grants always undefined: reverse leaves do not say. */
  readonly condition: TupleCondition | undefined;
  /** Microseconds since 1970, 0 = never. */
  readonly expiresAt: U64;
  /** Height of the last write. */
  readonly version: U64;
}

/** What was found of one question. */
export type Finding =
  | { readonly kind: 'tuple'; readonly found: FoundTuple | undefined }
  /** Every live tuple of the range, in path order: none is missing. */
  | { readonly kind: 'set'; readonly found: readonly FoundTuple[] }
  | {
      readonly kind: 'entity';
      readonly found: { readonly value: Uint8Array; readonly expiresAt: U64; readonly version: U64 } | undefined;
    }
  /** model: RFC 8785 JSON. */
  | { readonly kind: 'model'; readonly found: { readonly model: string; readonly version: U64 } | undefined };

/** Where the answer to some questions is refused. question: index of the one at fault, where it is one. */
export interface FindingRefusal {
  readonly ok: false;
  readonly stage: ProofStage | 'statement';
  readonly reason: string;
  readonly question?: number;
}

export type Findings = { readonly ok: true; readonly findings: readonly Finding[] } | FindingRefusal;

/** Checks one proof against a header and reads from it what it says to each question, in their order. */
export function findingsOf(hasher: Hasher, header: Header, questions: readonly Question[], proof: Uint8Array): Findings {
  const reversed = questions.findIndex(needsReverse);
  if (reversed >= 0 && !header.reverse) {
    const reason = 'the header does not say that every tuple has its reverse leaf, so grants of a subject are not proven';
    return { ok: false, stage: 'statement', reason, question: reversed };
  }
  const targets = questions.map((question) => targetOf(hasher, question));
  const { treeRoot, height } = header;
  const proven = verifyPrunedTree({ hasher, treeRoot, targets, proof, maxVersion: height });
  if (!proven.ok) return proven;
  const findings: Finding[] = [];
  // One question has one finding, however often it is asked.
  const known = new Map<readonly RevealedLeaf[], Finding>();
  for (const [index, question] of questions.entries()) {
    const leaves = proven.results[index] as readonly RevealedLeaf[];
    const finding = known.get(leaves) ?? findingOf(question, header.time, leaves);
    if (finding === undefined) return { ok: false, stage: 'targets', reason: 'a leaf of another kind', question: index };
    known.set(leaves, finding);
    findings.push(finding);
  }
  return { ok: true, findings };
}

function findingOf(question: Question, time: U64, leaves: readonly RevealedLeaf[]): Finding | undefined {
  const kind = KIND_OF[question.kind];
  if (leaves.some(({ leaf }) => leaf.kind !== kind)) return undefined;
  const live = leaves.map(({ leaf }) => leaf).filter(({ expiresAt }) => isLive(expiresAt, time));
  if (question.kind === 'entity') {
    const leaf = live[0];
    const found = leaf?.kind === 'entity' ? { value: leaf.value, expiresAt: leaf.expiresAt, version: leaf.version } : undefined;
    return { kind: 'entity', found };
  }
  if (question.kind === 'model') {
    const leaf = live[0];
    return { kind: 'model', found: leaf?.kind === 'model' ? { model: leaf.model, version: leaf.version } : undefined };
  }
  const found = live.flatMap(tupleOf);
  return question.kind === 'tuple' ? { kind: 'tuple', found: found[0] } : { kind: 'set', found };
}

const KIND_OF = {
  tuple: 'tuple',
  subjects: 'tuple',
  resource: 'tuple',
  grants: 'reverse',
  entity: 'entity',
  model: 'model',
} as const;

function tupleOf(leaf: LeafValue): readonly FoundTuple[] {
  if (leaf.kind !== 'tuple' && leaf.kind !== 'reverse') return [];
  const { resource, relation, subject, expiresAt, version } = leaf;
  return [{ tuple: { resource, relation, subject }, condition: conditionOf(leaf), expiresAt, version }];
}

/** The condition of a tuple's leaf, where it has one. */
export function conditionOf(leaf: LeafValue): TupleCondition | undefined {
  if (leaf.kind !== 'tuple' || leaf.conditionName === '') return undefined;
  return { name: leaf.conditionName, context: leaf.conditionContext };
}
