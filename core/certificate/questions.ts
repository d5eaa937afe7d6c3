/**
 * Which questions a certificate's proof answers: the models, and every read that the results rest on. The prover asks its tree for
 * them; the verifier works them out again from its own evaluation, and refuses a proof that shows more or less.
 */
import { readsOf } from '../authz/reading.ts';
import type { Hasher } from '../capability.ts';
import { modelPath } from '../merkle/path.ts';
import { type Question, targetOf } from '../proof/statement.ts';
import type { Grounds } from './asked.ts';

/** An authorization model: the leaf under its id. */
export interface ModelQuestion {
  readonly kind: 'model';
  readonly id: string;
}

export type CertificateQuestion = Question | ModelQuestion;

/** A result under a model. */
export interface Grounded {
  readonly model: string;
  readonly grounds: Grounds;
}

/**
 * The questions, each once: models in the order of the results, then reads in the order in which results name them.
 * @param results of one question, or of several that one proof is to show
 */
export function certificateQuestions(results: readonly Grounded[]): readonly CertificateQuestion[] {
  const questions = new Map<string, CertificateQuestion>();
  const add = (question: CertificateQuestion): void => void questions.set(questionKey(question), question);
  for (const { model } of results) add({ kind: 'model', id: model });
  for (const { grounds } of results) {
    grounds.reads.forEach(add);
    readsOf(grounds.whys).forEach(add);
  }
  return [...questions.values()];
}

/** A text that two questions share only where they are the same, whatever their names hold. */
export function questionKey(question: CertificateQuestion): string {
  switch (question.kind) {
    case 'tuple': {
      const { resource, relation, subject } = question.tuple;
      return JSON.stringify([question.kind, resource, relation, subject]);
    }
    case 'subjects':
      return JSON.stringify([question.kind, question.resource, question.relation, question.range]);
    case 'grants':
      return JSON.stringify([question.kind, question.subject, question.relation]);
    default:
      return JSON.stringify(question);
  }
}

/** Where a question leads in the tree. */
export function certificateTarget(hasher: Hasher, question: CertificateQuestion): Uint8Array {
  return question.kind === 'model' ? modelPath(hasher, question.id) : targetOf(hasher, question);
}
