/** What a node refuses of the questions of a proof, with a sentence for the person who asked; undefined where there is nothing to object to. */
import { unreachable } from '../assert.ts';
import { utf8Length } from '../bytes/text.ts';
import { decodeUlid } from '../chain/ulid.ts';
import { QUESTIONS_BYTES_MAX, QUESTIONS_MAX } from '../limits.ts';
import type { Question } from '../proof/statement.ts';
import { isEntityKey, isRelation, isResource, isSubject, isTupleKey } from './names.ts';

export function questionsProblem(questions: readonly Question[]): string | undefined {
  const { length } = questions;
  if (length < 1 || length > QUESTIONS_MAX)
    return `a proof answers 1 to ${QUESTIONS_MAX} questions; ask the others in another request`;
  let bytes = 0;
  for (let index = 0; index < length; index += 1) {
    const question = questions[index] as Question;
    const problem = questionProblem(question);
    if (problem !== undefined) return `question ${index}: ${problem}`;
    bytes += textsOf(question).reduce((sum, text) => sum + utf8Length(text), 0);
  }
  if (bytes <= QUESTIONS_BYTES_MAX) return undefined;
  return `the questions of a proof have at most ${QUESTIONS_BYTES_MAX} bytes of names; these have ${bytes}: ask in several requests`;
}

function textsOf(question: Question): readonly string[] {
  switch (question.kind) {
    case 'tuple':
      return [question.tuple.resource, question.tuple.relation, question.tuple.subject];
    case 'subjects':
      return [question.resource, question.relation];
    case 'resource':
      return [question.resource];
    case 'grants':
      return [question.subject, question.relation];
    case 'entity':
      return [question.key];
    case 'model':
      return [question.id];
    default:
      return unreachable(question);
  }
}

export function questionProblem(question: Question): string | undefined {
  switch (question.kind) {
    case 'tuple':
      return isTupleKey(question.tuple)
        ? undefined
        : 'a tuple is object#relation@user: type:id, a name, and type:id, type:* or type:id#relation';
    case 'subjects':
      return isResource(question.resource) && isRelation(question.relation)
        ? undefined
        : 'subjects are asked for by an object, type:id, and a relation';
    case 'resource':
      return isResource(question.resource) ? undefined : 'an object is type:id';
    case 'grants':
      return isSubject(question.subject) && (question.relation === '' || isRelation(question.relation))
        ? undefined
        : 'grants are asked for by a user, type:id, type:* or type:id#relation, and a relation or none';
    case 'entity':
      return isEntityKey(question.key) ? undefined : 'an entity has a key without control characters';
    case 'model':
      return decodeUlid(question.id) === undefined ? 'a model is asked for by its id, a ULID of 26 characters' : undefined;
    default:
      return unreachable(question);
  }
}
