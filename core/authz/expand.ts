/**
 * What a relation of an object consists of, one level deep: users that tuples name, and the relations of this object and of others from which the
 * rest follows. Conditions are not evaluated, as a question comes without a user. Source: OpenFGA's Expand, whose tree this is.
 */
import { unreachable } from '../assert.ts';
import { type Model, type Relation, type Rewrite, relationOf } from '../model/model.ts';
import type { Question, SubjectRange } from '../proof/statement.ts';
import type { Contextual } from './contextual.ts';
import { subjectOf, typeOf } from './names.ts';
import type { AuthzError, Reading } from './reading.ts';
import { isAllowed } from './tuple-holds.ts';

/** name: `object#relation` of the whole tree, in each of its nodes. Lists are sorted, nodes in the order of the model. */
export type ExpandTree =
  | { readonly kind: 'users'; readonly name: string; readonly users: readonly string[] }
  /** userset: `object#relation`. */
  | { readonly kind: 'computed'; readonly name: string; readonly userset: string }
  /** tupleset and computed: `object#relation`. */
  | { readonly kind: 'tupleToUserset'; readonly name: string; readonly tupleset: string; readonly computed: readonly string[] }
  | { readonly kind: 'union' | 'intersection'; readonly name: string; readonly nodes: readonly ExpandTree[] }
  | { readonly kind: 'difference'; readonly name: string; readonly base: ExpandTree; readonly subtract: ExpandTree };

export type ExpandOutcome =
  | { readonly ok: true; readonly tree: ExpandTree; readonly reads: readonly Question[] }
  | { readonly ok: false; readonly error: AuthzError };

export interface ExpandQuestion {
  readonly resource: string;
  readonly relation: string;
}

/** @param question whose resource's type has the relation */
export function* expand(
  scope: { readonly model: Model; readonly contextual: Contextual },
  { resource, relation }: ExpandQuestion,
): Reading<ExpandOutcome> {
  const definition = relationOf(scope.model, typeOf(resource), relation);
  if (definition === undefined) {
    const message = `relation '${typeOf(resource)}#${relation}' not found`;
    return { ok: false, error: { code: 'relation_missing', message } };
  }
  const expansion = new Expansion(scope, resource, definition);
  const tree = yield* expansion.rewrite(definition.rewrite);
  if (expansion.incomplete) {
    return { ok: false, error: { code: 'incomplete', message: 'the proof does not answer a read' } };
  }
  return { ok: true, tree, reads: expansion.reads };
}

class Expansion {
  readonly reads: Question[] = [];
  incomplete: boolean = false;
  private readonly scope: { readonly model: Model; readonly contextual: Contextual };
  private readonly resource: string;
  private readonly definition: Relation;
  private readonly name: string;

  constructor(scope: Expansion['scope'], resource: string, definition: Relation) {
    this.scope = scope;
    this.resource = resource;
    this.definition = definition;
    this.name = `${resource}#${definition.name}`;
  }

  *rewrite(rewrite: Rewrite): Reading<ExpandTree> {
    const { name, resource, definition } = this;
    switch (rewrite.kind) {
      case 'this':
        return { kind: 'users', name, users: yield* this.subjects(definition, 'all') };
      case 'computed':
        return { kind: 'computed', name, userset: `${resource}#${rewrite.relation}` };
      case 'tupleToUserset':
        return yield* this.tupleToUserset(rewrite);
      case 'union':
      case 'intersection': {
        const nodes: ExpandTree[] = [];
        for (const child of rewrite.children) nodes.push(yield* this.rewrite(child));
        return { kind: rewrite.kind, name, nodes };
      }
      case 'exclusion': {
        const base = yield* this.rewrite(rewrite.base);
        return { kind: 'difference', name, base, subtract: yield* this.rewrite(rewrite.subtract) };
      }
      default:
        return unreachable(rewrite);
    }
  }

  private *tupleToUserset({ tupleset, computed }: Extract<Rewrite, { readonly kind: 'tupleToUserset' }>): Reading<ExpandTree> {
    const { model } = this.scope;
    const parents = relationOf(model, typeOf(this.resource), tupleset);
    const named = parents === undefined ? [] : yield* this.subjects(parents, 'plain');
    // One type of parent may have the relation and another not: of that one nothing follows.
    const those = named.filter((parent) => relationOf(model, typeOf(parent), computed) !== undefined);
    const usersets = those.map((parent) => `${parent}#${computed}`);
    return { kind: 'tupleToUserset', name: this.name, tupleset: `${this.resource}#${tupleset}`, computed: usersets };
  }

  /** Subjects of tuples that the model allows. */
  private *subjects(relation: Relation, range: Extract<SubjectRange, 'all' | 'plain'>): Reading<readonly string[]> {
    const question: Question & { readonly kind: 'subjects' } = {
      kind: 'subjects',
      resource: this.resource,
      relation: relation.name,
      range,
    };
    const isAsked = (subject: string): boolean => range === 'all' || subjectOf(subject).kind === 'plain';
    const { tuples, complete } = this.scope.contextual.over(question, isAsked, yield question);
    if (complete) this.reads.push(question);
    else this.incomplete = true;
    return tuples
      .filter(({ tuple, condition }) =>
        relation.directTypes.some((direct) => isAllowed(direct, tuple.subject, condition?.name ?? '')),
      )
      .map(({ tuple }) => tuple.subject)
      .sort();
  }
}
