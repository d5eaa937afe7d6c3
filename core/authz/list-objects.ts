/**
 * Every object of a type to which a subject has a relation. The reverse index is walked from the subject along the model's edges
 * read backwards; what is reached is a superset, and the evaluator decides on each. What is not reached cannot hold: an allow needs
 * a tuple at its end, and every range that could hold one was read completely.
 */
import { LIST_OBJECTS_MAX } from '../limits.ts';
import type { DirectType } from '../model/model.ts';
import type { Node, ReverseModel } from '../model/reverse.ts';
import type { Question } from '../proof/statement.ts';
import { Checker, type Scope } from './check.ts';
import { type Subject, subjectOf, typeOf } from './names.ts';
import type { AuthzError, Reading, Why } from './reading.ts';

export interface ObjectsQuestion {
  readonly type: string;
  readonly relation: string;
  readonly subject: string;
}

/** found: sorted. reads and whys: what shows that these are all, and that each one is. */
export type ListOutcome =
  | { readonly ok: true; readonly found: readonly string[]; readonly reads: readonly Question[]; readonly whys: readonly Why[] }
  | { readonly ok: false; readonly error: AuthzError };

const INCOMPLETE: ListOutcome = { ok: false, error: { code: 'incomplete', message: 'the proof does not answer a read' } };

/** @param question whose type has the relation */
export function* listObjects(scope: Scope, reverse: ReverseModel, question: ObjectsQuestion): Reading<ListOutcome> {
  const walk = new Walk(scope, reverse, question);
  const candidates = yield* walk.candidates();
  if (candidates === undefined) return INCOMPLETE;
  const checker = new Checker(scope, question.subject);
  const found: string[] = [];
  const whys: Why[] = [];
  for (const resource of candidates) {
    const outcome = yield* checker.check(resource, question.relation);
    if (outcome.verdict === 'error') return { ok: false, error: outcome.error };
    whys.push(outcome.why);
    if (outcome.verdict === 'allow') found.push(resource);
  }
  if (found.length > LIST_OBJECTS_MAX) {
    const message = `more than ${LIST_OBJECTS_MAX} objects: ask for a narrower relation`;
    return { ok: false, error: { code: 'too_complex', message } };
  }
  return { ok: true, found, reads: walk.reads, whys };
}

/** The subjects whose tuples can grant something to ours: itself, and its type's wildcard. */
function startsOf(subject: string, { kind, type }: Subject): readonly string[] {
  return kind === 'plain' ? [subject, `${type}:*`] : [subject];
}

function covers(direct: DirectType, subject: string): boolean {
  const of = subjectOf(subject);
  if (direct.type !== of.type) return false;
  if (of.kind === 'wildcard') return direct.wildcard;
  return of.kind === 'userset' ? direct.relation === of.relation : direct.relation === '' && !direct.wildcard;
}

class Walk {
  readonly reads: Question[] = [];
  private readonly scope: Scope;
  private readonly reverse: ReverseModel;
  private readonly question: ObjectsQuestion;
  private readonly feeders: ReadonlySet<string>;
  /** Relations of objects that the subject may have, `object#relation`, in the order in which they were reached. */
  private readonly reached: Set<string> = new Set();
  private readonly granted: Map<string, readonly string[]> = new Map();
  private incomplete: boolean = false;

  constructor(scope: Scope, reverse: ReverseModel, question: ObjectsQuestion) {
    this.scope = scope;
    this.reverse = reverse;
    this.question = question;
    this.feeders = reverse.feedersOf(question);
  }

  /** Sorted; undefined where a read was not answered completely. */
  *candidates(): Reading<readonly string[] | undefined> {
    const { subject, type, relation } = this.question;
    const parsed = subjectOf(subject);
    if (parsed.kind === 'userset') this.reach(parsed.object, parsed.relation);
    for (const start of startsOf(subject, parsed)) {
      for (const node of this.reverse.grantedTo((direct) => covers(direct, start)))
        yield* this.grants(start, node.relation, node);
    }
    // A set is walked in the order in which it grows.
    for (const name of this.reached) {
      const hash = name.indexOf('#');
      yield* this.follow(name.slice(0, hash), name.slice(hash + 1));
    }
    if (this.incomplete) return undefined;
    const suffix = `#${relation}`;
    const found = [...this.reached].filter((name) => name.endsWith(suffix) && typeOf(name) === type);
    return found.map((name) => name.slice(0, -suffix.length)).sort();
  }

  private reach(resource: string, relation: string): void {
    if (this.feeders.has(`${typeOf(resource)}#${relation}`)) this.reached.add(`${resource}#${relation}`);
  }

  private *follow(resource: string, relation: string): Reading<void> {
    const { computed, usersets, parents } = this.reverse.followersOf({ type: typeOf(resource), relation });
    for (const follower of computed) this.reach(resource, follower);
    for (const node of usersets) yield* this.grants(`${resource}#${relation}`, node.relation, node);
    for (const node of parents) yield* this.grants(resource, node.tupleset, node);
  }

  /** Reaches the node's relation of every object of its type that tuples of a relation grant to a subject. */
  private *grants(subject: string, relation: string, node: Node): Reading<void> {
    if (!this.feeders.has(`${node.type}#${node.relation}`)) return;
    for (const resource of yield* this.read(subject, relation)) {
      if (typeOf(resource) === node.type) this.reach(resource, node.relation);
    }
  }

  private *read(subject: string, relation: string): Reading<readonly string[]> {
    const name = `${relation}\0${subject}`;
    const known = this.granted.get(name);
    if (known !== undefined) return known;
    const question: Question = { kind: 'grants', subject, relation };
    const { tuples, complete } = this.scope.lookup?.(question) ?? (yield question);
    if (complete) this.reads.push(question);
    else this.incomplete = true;
    const own = this.scope.contextual.tuples.filter(({ tuple }) => tuple.subject === subject && tuple.relation === relation);
    const resources = [...new Set([...tuples, ...own].map(({ tuple }) => tuple.resource))].sort();
    this.granted.set(name, resources);
    return resources;
  }
}
