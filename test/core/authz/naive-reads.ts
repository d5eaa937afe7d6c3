/** Answers an evaluation's reads from a list of tuples, by looking at each of them. */

import { subjectOf } from '../../../core/authz/names.ts';
import type { ReadAnswer, Reading, ReadTuple } from '../../../core/authz/reading.ts';
import type { Question } from '../../../core/proof/statement.ts';

export function answerOf(tuples: readonly ReadTuple[], question: Question): ReadAnswer {
  return { tuples: tuples.filter((item) => isAsked(item, question)), complete: true };
}

function isAsked({ tuple }: ReadTuple, question: Question): boolean {
  switch (question.kind) {
    case 'tuple': {
      const { resource, relation, subject } = question.tuple;
      return tuple.resource === resource && tuple.relation === relation && tuple.subject === subject;
    }
    case 'subjects':
      if (tuple.resource !== question.resource || tuple.relation !== question.relation) return false;
      return question.range === 'all' || subjectOf(tuple.subject).kind === question.range;
    case 'grants':
      return tuple.subject === question.subject && tuple.relation === question.relation;
    default:
      throw new Error(`no evaluation reads ${question.kind}`);
  }
}

/** Runs an evaluation to its end. @returns what it returned, and how often it read */
export function evaluate<T>(reading: Reading<T>, tuples: readonly ReadTuple[]): { readonly result: T; readonly reads: number } {
  let reads = 0;
  let step = reading.next();
  while (step.done !== true) {
    reads += 1;
    step = reading.next(answerOf(tuples, step.value));
  }
  return { result: step.value, reads };
}
