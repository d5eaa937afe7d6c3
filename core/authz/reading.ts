/**
 * What evaluation reads of a vault, and why an outcome holds. An evaluator is a generator: it yields a question, is resumed with
 * what stands there, and returns. Whoever drives it decides where answers come from: the index of a node, or a verified proof.
 */
import type { Question } from '../proof/statement.ts';
import type { TupleCondition, TupleKey } from '../state/transaction.ts';

/** A tuple that is live. Of grants (reverse leaves) the condition is not known, and undefined. */
export interface ReadTuple {
  readonly tuple: TupleKey;
  readonly condition: TupleCondition | undefined;
}

/** complete: nothing is missing in `tuples`. A node's answers are; a proof may show a part of a range. In any order. */
export interface ReadAnswer {
  readonly tuples: readonly ReadTuple[];
  readonly complete: boolean;
}

/** A sans-IO evaluation. */
export type Reading<T> = Generator<Question, T, ReadAnswer>;

/** Why no verdict is reached. Numbers are OpenFGA's. */
export type AuthzErrorCode =
  | 'invalid' // 2000
  | 'condition_failed' // 2000
  | 'too_complex' // 2002
  | 'type_missing' // 2021
  | 'relation_missing' // 2022
  | 'invalid_contextual_tuple' // 2027
  /** Of a write. */
  | 'invalid_tuple' // 2027
  /** Of a verifier: a read that the proof does not answer. */
  | 'incomplete';

export interface AuthzError {
  readonly code: AuthzErrorCode;
  readonly message: string;
}

/** What a step of an evaluation looked at. */
export type Step =
  /** A relation of an object, whatever it rests on. */
  | { readonly kind: 'relation'; readonly resource: string; readonly relation: string }
  /** Tuples of the relation itself. tuple: the one that grants, or leads on. */
  | { readonly kind: 'direct'; readonly resource: string; readonly relation: string; readonly tuple: TupleKey | undefined }
  /** The subject is the userset that is asked about. */
  | { readonly kind: 'reflexive' }
  /** Another relation of the same object. */
  | { readonly kind: 'computed'; readonly relation: string }
  /** tuple: the one that names the object that grants. */
  | {
      readonly kind: 'tupleToUserset';
      readonly tupleset: string;
      readonly computed: string;
      readonly tuple: TupleKey | undefined;
    }
  | { readonly kind: 'union' }
  | { readonly kind: 'intersection' }
  /** denied: whether the subtracted side is what decides. */
  | { readonly kind: 'exclusion'; readonly denied: boolean }
  /** The relation rests on itself: it grants nothing by that. */
  | { readonly kind: 'cycle'; readonly resource: string; readonly relation: string };

/** Why an outcome holds: the reads that it needs and the outcomes that it rests on. Nodes may be shared. */
export interface Why {
  readonly step: Step;
  readonly reads: readonly Question[];
  readonly from: readonly Why[];
}

/** Every read that an outcome rests on, the first time it occurs, in order. */
export function readsOf(roots: readonly Why[]): readonly Question[] {
  const reads: Question[] = [];
  const seen = new Set<Why>();
  const visit = (why: Why): void => {
    if (seen.has(why)) return;
    seen.add(why);
    reads.push(...why.reads);
    why.from.forEach(visit);
  };
  roots.forEach(visit);
  return reads;
}
