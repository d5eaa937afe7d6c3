/** Tuples that hold for one question only, laid over those of the vault: where both have one, the question's counts. */
import type { Question } from '../proof/statement.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { ReadAnswer, ReadTuple } from './reading.ts';

/** By object and relation; control characters are in neither. */
function nameOf(resource: string, relation: string): string {
  return `${resource}\0${relation}`;
}

export class Contextual {
  private readonly byRelation: Map<string, ReadTuple[]> = new Map();
  readonly tuples: readonly ReadTuple[];

  /** @param tuples of several with one key the first counts */
  constructor(tuples: readonly ReadTuple[]) {
    this.tuples = tuples;
    for (const item of tuples) {
      const name = nameOf(item.tuple.resource, item.tuple.relation);
      const known = this.byRelation.get(name);
      if (known === undefined) this.byRelation.set(name, [item]);
      else if (!known.some(({ tuple }) => tuple.subject === item.tuple.subject)) known.push(item);
    }
  }

  get isEmpty(): boolean {
    return this.byRelation.size === 0;
  }

  find({ resource, relation, subject }: TupleKey): ReadTuple | undefined {
    if (this.isEmpty) return undefined;
    return this.byRelation.get(nameOf(resource, relation))?.find(({ tuple }) => tuple.subject === subject);
  }

  /** What a read of a relation's subjects shows, these ones included. @param isAsked which subjects the read is about */
  over(
    question: Extract<Question, { readonly kind: 'subjects' }>,
    isAsked: (subject: string) => boolean,
    { tuples, complete }: ReadAnswer,
  ): ReadAnswer {
    if (this.isEmpty) return { tuples, complete };
    const own = (this.byRelation.get(nameOf(question.resource, question.relation)) ?? []).filter(({ tuple }) =>
      isAsked(tuple.subject),
    );
    if (own.length === 0) return { tuples, complete };
    const replaced = new Set(own.map(({ tuple }) => tuple.subject));
    return { tuples: [...tuples.filter(({ tuple }) => !replaced.has(tuple.subject)), ...own], complete };
  }
}
