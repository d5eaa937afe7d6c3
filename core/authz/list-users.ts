/**
 * Every subject of some kinds that has a relation to an object. All tuples that could lead to one are read completely, from the
 * object on; each subject that is met is then a question for the evaluator. A wildcard that holds is answered as itself: who else
 * is covered by it is not named.
 */
import { unreachable } from '../assert.ts';
import { LIST_USERS_MAX } from '../limits.ts';
import { type Relation, type Rewrite, relationOf } from '../model/model.ts';
import type { Question } from '../proof/statement.ts';
import { Checker, type Scope } from './check.ts';
import type { ListOutcome } from './list-objects.ts';
import { subjectOf, typeOf } from './names.ts';
import type { AuthzError, Reading, Why } from './reading.ts';
import { holds } from './tuple-holds.ts';

/** relation: empty for plain subjects and wildcards of the type, else its usersets. */
export interface SubjectFilter {
  readonly type: string;
  readonly relation: string;
}

export interface SubjectsQuestion {
  readonly resource: string;
  readonly relation: string;
  readonly filters: readonly SubjectFilter[];
}

const INCOMPLETE: AuthzError = { code: 'incomplete', message: 'the proof does not answer a read' };

/** @param question whose resource's type has the relation */
export function* listUsers(scope: Scope, question: SubjectsQuestion): Reading<ListOutcome> {
  const walk = new Walk(scope, question);
  const candidates = yield* walk.candidates();
  if (walk.error !== undefined) return { ok: false, error: walk.error };
  const found: string[] = [];
  const whys: Why[] = [];
  for (const subject of candidates) {
    const outcome = yield* new Checker(scope, subject).check(question.resource, question.relation);
    if (outcome.verdict === 'error') return { ok: false, error: outcome.error };
    whys.push(outcome.why);
    if (outcome.verdict === 'allow') found.push(subject);
  }
  if (found.length > LIST_USERS_MAX) {
    const message = `more than ${LIST_USERS_MAX} users: ask for a narrower relation`;
    return { ok: false, error: { code: 'too_complex', message } };
  }
  return { ok: true, found, reads: walk.reads, whys };
}

class Walk {
  readonly reads: Question[] = [];
  private readonly scope: Scope;
  private readonly question: SubjectsQuestion;
  /** Relations of objects whose subjects may count, `object#relation`, in the order in which they were met. */
  private readonly met: Set<string> = new Set();
  private readonly subjects: Set<string> = new Set();
  /** The first one; a condition without a verdict is one wherever it is met, as in OpenFGA. */
  error: AuthzError | undefined = undefined;

  constructor(scope: Scope, question: SubjectsQuestion) {
    this.scope = scope;
    this.question = question;
  }

  /** Sorted; of no use where there was an error. */
  *candidates(): Reading<readonly string[]> {
    this.met.add(`${this.question.resource}#${this.question.relation}`);
    // A set is walked in the order in which it grows.
    for (const name of this.met) {
      this.meet(name);
      const hash = name.indexOf('#');
      const resource = name.slice(0, hash);
      const relation = relationOf(this.scope.model, typeOf(resource), name.slice(hash + 1));
      if (relation !== undefined) yield* this.rewrite(relation.rewrite, relation, resource);
    }
    return [...this.subjects].sort();
  }

  /** Notes a subject that is asked for. */
  private meet(subject: string): void {
    const of = subjectOf(subject);
    const relation = of.kind === 'userset' ? of.relation : '';
    if (this.question.filters.some((filter) => filter.type === of.type && filter.relation === relation))
      this.subjects.add(subject);
  }

  private *rewrite(rewrite: Rewrite, relation: Relation, resource: string): Reading<void> {
    switch (rewrite.kind) {
      case 'this':
        for (const subject of yield* this.read(relation, { kind: 'subjects', resource, relation: relation.name, range: 'all' })) {
          this.meet(subject);
          if (subject.includes('#')) this.met.add(subject);
        }
        return;
      case 'computed':
        this.met.add(`${resource}#${rewrite.relation}`);
        return;
      case 'tupleToUserset': {
        const { tupleset, computed } = rewrite;
        const parents = relationOf(this.scope.model, typeOf(resource), tupleset);
        if (parents === undefined) return;
        for (const parent of yield* this.read(parents, { kind: 'subjects', resource, relation: tupleset, range: 'plain' })) {
          this.met.add(`${parent}#${computed}`);
        }
        return;
      }
      case 'union':
      case 'intersection':
        for (const child of rewrite.children) yield* this.rewrite(child, relation, resource);
        return;
      case 'exclusion':
        // Who is excluded from what is excluded is let in, perhaps by a wildcard: nobody else names them.
        yield* this.rewrite(rewrite.base, relation, resource);
        yield* this.rewrite(rewrite.subtract, relation, resource);
        return;
      default:
        unreachable(rewrite);
    }
  }

  /** Subjects of tuples that count. */
  private *read(relation: Relation, question: Extract<Question, { readonly kind: 'subjects' }>): Reading<readonly string[]> {
    const isAsked = (subject: string): boolean => question.range === 'all' || subjectOf(subject).kind === 'plain';
    const { tuples, complete } = this.scope.contextual.over(question, isAsked, this.scope.lookup?.(question) ?? (yield question));
    if (complete) this.reads.push(question);
    else this.error ??= INCOMPLETE;
    const subjects: string[] = [];
    for (const found of tuples) {
      const held = holds(this.scope, relation, found);
      if (held === true) subjects.push(found.tuple.subject);
      else if (held !== false) this.error ??= held;
    }
    return subjects.sort();
  }
}
