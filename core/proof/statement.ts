/**
 * What can be asked of a vault with a proof, and the target (a prefix of paths) that follows from each question. Prover and verifier
 * derive it here from the same names, so an answer cannot choose what it is an answer to.
 *
 *   tuple      97 bytes: one tuple
 *   subjects   64 bytes: every subject of a relation of a resource · 65 bytes: those of one kind
 *   resource   32 bytes: every tuple of a resource
 *   grants     32 bytes of a reverse path: everything granted directly to a subject · 64 bytes: in one relation
 *   entity     32 bytes: one entity
 *   model      32 bytes: one authorization model
 */
import { unreachable } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import { entityPath, modelPath, reversePath, type SubjectKind, tuplePath } from '../merkle/path.ts';
import type { TupleKey } from '../state/transaction.ts';

/** Subjects of every kind, or only `type:*`, only `type:id#relation`, only `type:id`. */
export type SubjectRange = 'all' | 'wildcard' | 'userset' | 'plain';

/** One question. Of the ranges the answer is the complete set of the tuples that are live. */
export type Question =
  | { readonly kind: 'tuple'; readonly tuple: TupleKey }
  | { readonly kind: 'subjects'; readonly resource: string; readonly relation: string; readonly range: SubjectRange }
  | { readonly kind: 'resource'; readonly resource: string }
  /** relation: empty = every one. Needs a vault with reverse leaves. */
  | { readonly kind: 'grants'; readonly subject: string; readonly relation: string }
  | { readonly kind: 'entity'; readonly key: string }
  | { readonly kind: 'model'; readonly id: string };

/** A question about one leaf. */
export type PointQuestion = Extract<Question, { readonly kind: 'tuple' | 'entity' | 'model' }>;

/** Bytes of a path's components and of the kind between them. */
const COMPONENT = 32;
const KIND_AT: number = 2 * COMPONENT;

/** Byte behind the relation in a tuple's path. */
export const RANGE_KIND: { readonly [R in Exclude<SubjectRange, 'all'>]: SubjectKind } = { wildcard: 0, userset: 1, plain: 2 };

/** Where the question leads in the tree; its texts hold no lone surrogates. */
export function targetOf(hasher: Hasher, question: Question): Uint8Array {
  switch (question.kind) {
    case 'tuple':
      return tuplePath(hasher, question.tuple);
    case 'subjects': {
      const { resource, relation, range } = question;
      const path = tuplePath(hasher, { resource, relation, subject: '' });
      if (range === 'all') return path.slice(0, KIND_AT);
      path[KIND_AT] = RANGE_KIND[range];
      return path.slice(0, KIND_AT + 1);
    }
    case 'resource':
      return tuplePath(hasher, { resource: question.resource, relation: '', subject: '' }).slice(0, COMPONENT);
    case 'grants': {
      const { subject, relation } = question;
      const path = reversePath(hasher, { resource: '', relation, subject });
      return path.slice(0, relation === '' ? COMPONENT : 2 * COMPONENT);
    }
    case 'entity':
      return entityPath(hasher, question.key);
    case 'model':
      return modelPath(hasher, question.id);
    default:
      return unreachable(question);
  }
}

export function isPointQuestion(question: Question): question is PointQuestion {
  return question.kind === 'tuple' || question.kind === 'entity' || question.kind === 'model';
}

/** Whether the question looks at reverse leaves, which not every vault has. */
export function needsReverse(question: Question): boolean {
  return question.kind === 'grants';
}
