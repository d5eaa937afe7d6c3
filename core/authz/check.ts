/**
 * The evaluator: does a subject have a relation to an object? Depth first, in the order of the model and then of the keys, so that
 * one question has one witness. An allow rests on the first branch that grants, a deny on everything that could have.
 *
 *   union         the first child that allows; an error of a child is hidden by another's allow
 *   intersection  the first child that denies; an error is hidden by another's deny
 *   exclusion     denied where the base denies or the subtracted side allows, or rests on itself
 *   a relation that rests on itself (cycle) grants nothing by that; a deny that can be had without a cycle is one without
 *   a tuple that the model does not allow (any more) is passed over; so is one whose condition is not met
 *
 * Memory of one evaluation: an allow never depends on the way that led to it, so it is kept. A deny within a cycle depends on the
 * relations that were open above it: it is kept for as long as they are (tentative), and for good once the outermost one denies.
 * Source: OpenFGA's check semantics, as its public test suites state them; Tarjan 1972 for the bookkeeping of cycles.
 */
import { unreachable } from '../assert.ts';
import { CHECK_DEPTH_MAX } from '../limits.ts';
import { type DirectType, type Model, type Relation, type Rewrite, relationOf } from '../model/model.ts';
import type { Question } from '../proof/statement.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { Conditions, Context } from './condition.ts';
import type { Contextual } from './contextual.ts';
import { type Subject, subjectOf, typeOf } from './names.ts';
import type { AuthzError, ReadAnswer, Reading, ReadTuple, Step, Why } from './reading.ts';
import { holds } from './tuple-holds.ts';

/** What a question is judged by, besides the tuples of the vault. */
export interface Scope {
  readonly model: Model;
  readonly conditions: Conditions;
  /** Of the question. */
  readonly context: Context;
  readonly contextual: Contextual;
  /** Tuples from one object to another that are followed; CHECK_DEPTH_MAX unless given. */
  readonly depthMax?: number;
  /**
   * Answers what can be answered at once; undefined: the question is yielded. Why: a question that is yielded passes through every open
   * relation on its way out and back, which costs a node more than the row that it reads.
   */
  readonly lookup?: (question: Question) => ReadAnswer | undefined;
}

export type Outcome =
  | { readonly verdict: 'allow'; readonly why: Why }
  /**
   * cyclic: it rests on a relation that rests on itself. loop: depth of the outermost open relation that it depends on. doubt: an error
   * that hides whether it is denied without a cycle, too; whoever goes by `cyclic` comes to that error.
   */
  | {
      readonly verdict: 'deny';
      readonly why: Why;
      readonly cyclic: boolean;
      readonly loop: number;
      readonly doubt: Failure | undefined;
    }
  | Failure;

interface Failure {
  readonly verdict: 'error';
  readonly error: AuthzError;
}

type Deny = Extract<Outcome, { readonly verdict: 'deny' }>;

/** Depends on no open relation. */
const NO_LOOP: number = Number.POSITIVE_INFINITY;
const INCOMPLETE: Failure = { verdict: 'error', error: { code: 'incomplete', message: 'the proof does not answer a read' } };

function allow(step: Step, reads: readonly Question[], from: readonly Why[]): Outcome {
  return { verdict: 'allow', why: { step, reads, from } };
}

/** Two denials within cycles. */
function both(one: Deny, other: Deny): Deny {
  return { ...one, loop: Math.min(one.loop, other.loop), doubt: one.doubt ?? other.doubt };
}

/** Gathers branches of which one must allow. */
class Branches {
  private readonly denials: Why[] = [];
  private error: Outcome | undefined = undefined;
  private cyclic: boolean = false;
  /** Whether one is cyclic without a doubt; else the first doubt. */
  private certain: boolean = false;
  private doubt: Failure | undefined = undefined;
  private loop: number = NO_LOOP;

  /** A branch that has not allowed. */
  add(outcome: Exclude<Outcome, { readonly verdict: 'allow' }>): void {
    if (outcome.verdict === 'error') this.error ??= outcome;
    else {
      this.denials.push(outcome.why);
      this.cyclic ||= outcome.cyclic;
      this.certain ||= outcome.cyclic && outcome.doubt === undefined;
      this.doubt ??= outcome.doubt;
      this.loop = Math.min(this.loop, outcome.loop);
    }
  }

  /** None has allowed. */
  end(step: Step, reads: readonly Question[]): Outcome {
    const { error, denials, cyclic, loop } = this;
    const doubt = this.certain ? undefined : this.doubt;
    return error ?? { verdict: 'deny', why: { step, reads, from: denials }, cyclic, loop, doubt };
  }
}

/** One subject's evaluations in one scope. */
export class Checker {
  private readonly scope: Scope;
  private readonly subject: string;
  private readonly parsed: Subject;
  private readonly depthMax: number;
  private readonly known: Map<string, Outcome> = new Map();
  /** Denials within open relations, and their names in the order in which they came. */
  private readonly tentative: Map<string, Deny> = new Map();
  private readonly tentativeNames: string[] = [];
  /** Open relations and their depth. */
  private readonly open: Map<string, number> = new Map();

  constructor(scope: Scope, subject: string) {
    this.scope = scope;
    this.subject = subject;
    this.parsed = subjectOf(subject);
    this.depthMax = scope.depthMax ?? CHECK_DEPTH_MAX;
  }

  /** @param resource whose type has the relation */
  *check(resource: string, relation: string): Reading<Outcome> {
    return yield* this.relation(resource, relation, 0);
  }

  private *relation(resource: string, relation: string, hops: number): Reading<Outcome> {
    const { parsed } = this;
    if (parsed.kind === 'userset' && parsed.relation === relation && parsed.object === resource) {
      return allow({ kind: 'reflexive' }, [], []);
    }
    const name = `${resource}#${relation}`;
    const known = this.known.get(name) ?? this.tentative.get(name);
    if (known !== undefined) return known;
    const loop = this.open.get(name);
    if (loop !== undefined) {
      const why: Why = { step: { kind: 'cycle', resource, relation }, reads: [], from: [] };
      return { verdict: 'deny', why, cyclic: true, loop, doubt: undefined };
    }
    if (hops >= this.depthMax) {
      // OpenFGA's words, which its users look for.
      const message =
        'Authorization Model resolution required too many rewrite rules to be resolved. Check your authorization model for infinite recursion or too much nesting';
      return { verdict: 'error', error: { code: 'too_complex', message } };
    }
    const definition = relationOf(this.scope.model, typeOf(resource), relation);
    if (definition === undefined) {
      const message = `relation '${typeOf(resource)}#${relation}' not found`;
      return { verdict: 'error', error: { code: 'relation_missing', message } };
    }
    const depth = this.open.size;
    const mark = this.tentativeNames.length;
    this.open.set(name, depth);
    const outcome = yield* this.rewrite(definition.rewrite, definition, resource, hops);
    this.open.delete(name);
    return this.settle(name, outcome, { step: { kind: 'relation', resource, relation }, depth, mark });
  }

  /** Keeps what may be kept of a relation that is closed now. */
  private settle(
    name: string,
    outcome: Outcome,
    at: { readonly step: Step; readonly depth: number; readonly mark: number },
  ): Outcome {
    if (outcome.verdict === 'error') {
      this.forget(at.mark);
      return outcome;
    }
    const why: Why = { step: at.step, reads: [], from: [outcome.why] };
    if (outcome.verdict === 'allow') {
      this.forget(at.mark);
      const settled: Outcome = { verdict: 'allow', why };
      this.known.set(name, settled);
      return settled;
    }
    const isFinal = outcome.loop >= at.depth;
    const settled: Deny = { ...outcome, why, loop: isFinal ? NO_LOOP : outcome.loop };
    if (isFinal) {
      this.confirm(at.mark, at.depth, why);
      this.known.set(name, settled);
    } else {
      this.deepen(at.mark, at.depth, outcome.loop);
      this.tentative.set(name, settled);
      this.tentativeNames.push(name);
    }
    return settled;
  }

  /** What depends on a relation that is closed now depends on what that one does. */
  private deepen(mark: number, depth: number, loop: number): void {
    for (const name of this.tentativeNames.slice(mark)) {
      const deny = this.tentative.get(name) as Deny;
      if (deny.loop >= depth) this.tentative.set(name, { ...deny, loop });
    }
  }

  /** An open relation does not deny: what was denied under it may be otherwise. */
  private forget(mark: number): void {
    while (this.tentativeNames.length > mark) this.tentative.delete(this.tentativeNames.pop() as string);
  }

  /** The outermost open relation of some denials denies: so do they, and each rests on all that it rests on. */
  private confirm(mark: number, depth: number, outermost: Why): void {
    const rest = this.tentativeNames.splice(mark);
    for (const name of rest) {
      const deny = this.tentative.get(name) as Deny;
      if (deny.loop < depth) this.tentativeNames.push(name);
      else {
        this.tentative.delete(name);
        this.known.set(name, { ...deny, why: { ...deny.why, from: [...deny.why.from, outermost] }, loop: NO_LOOP });
      }
    }
  }

  private *rewrite(rewrite: Rewrite, relation: Relation, resource: string, hops: number): Reading<Outcome> {
    switch (rewrite.kind) {
      case 'this':
        return yield* this.direct(relation, resource, hops);
      case 'computed': {
        const outcome = yield* this.relation(resource, rewrite.relation, hops);
        if (outcome.verdict === 'error') return outcome;
        return { ...outcome, why: { step: { kind: 'computed', relation: rewrite.relation }, reads: [], from: [outcome.why] } };
      }
      case 'tupleToUserset':
        return yield* this.tupleToUserset(rewrite, resource, hops);
      case 'union': {
        const branches = new Branches();
        for (const child of rewrite.children) {
          const outcome = yield* this.rewrite(child, relation, resource, hops);
          if (outcome.verdict === 'allow') return allow({ kind: 'union' }, [], [outcome.why]);
          branches.add(outcome);
        }
        return branches.end({ kind: 'union' }, []);
      }
      case 'intersection':
        return yield* this.intersection(rewrite.children, relation, resource, hops);
      case 'exclusion':
        return yield* this.exclusion(rewrite, relation, resource, hops);
      default:
        return unreachable(rewrite);
    }
  }

  private *intersection(children: readonly Rewrite[], relation: Relation, resource: string, hops: number): Reading<Outcome> {
    const step: Step = { kind: 'intersection' };
    const whys: Why[] = [];
    let error: Failure | undefined;
    let denied: Deny | undefined;
    for (const child of children) {
      const outcome = yield* this.rewrite(child, relation, resource, hops);
      if (outcome.verdict === 'error') {
        error ??= outcome;
        continue;
      }
      if (outcome.verdict === 'deny' && !outcome.cyclic) return { ...outcome, why: { step, reads: [], from: [outcome.why] } };
      whys.push(outcome.why);
      // Another one may deny without a cycle, which is then what counts.
      if (outcome.verdict === 'deny') denied = denied === undefined ? outcome : both(denied, outcome);
    }
    if (denied !== undefined) return { ...denied, why: { step, reads: [], from: whys }, doubt: error ?? denied.doubt };
    return error ?? allow(step, [], whys);
  }

  private *exclusion(
    { base, subtract }: Extract<Rewrite, { readonly kind: 'exclusion' }>,
    relation: Relation,
    resource: string,
    hops: number,
  ): Reading<Outcome> {
    const kept = yield* this.rewrite(base, relation, resource, hops);
    const step: Step = { kind: 'exclusion', denied: false };
    if (kept.verdict === 'deny' && !kept.cyclic) return { ...kept, why: { step, reads: [], from: [kept.why] } };
    const taken = yield* this.rewrite(subtract, relation, resource, hops);
    if (taken.verdict === 'allow') {
      const why: Why = { step: { kind: 'exclusion', denied: true }, reads: [], from: [taken.why] };
      return { verdict: 'deny', why, cyclic: false, loop: NO_LOOP, doubt: undefined };
    }
    if (kept.verdict === 'deny') {
      if (taken.verdict === 'error') return { ...kept, why: { step, reads: [], from: [kept.why] }, doubt: taken };
      const loop = Math.min(kept.loop, taken.loop);
      return { ...kept, loop, why: { step, reads: [], from: [kept.why, taken.why] } };
    }
    if (taken.verdict === 'error') return kept.verdict === 'error' ? kept : taken;
    if (!taken.cyclic) return kept.verdict === 'error' ? kept : allow(step, [], [kept.why, taken.why]);
    if (taken.doubt !== undefined) return kept.verdict === 'error' ? kept : taken.doubt;
    // The base is named as well: if it denied, that would be a deny without a cycle.
    const from = kept.verdict === 'error' ? [taken.why] : [kept.why, taken.why];
    const why: Why = { step: { kind: 'exclusion', denied: true }, reads: [], from };
    return { verdict: 'deny', why, cyclic: true, loop: taken.loop, doubt: kept.verdict === 'error' ? kept : undefined };
  }

  /** Tuples of the relation itself: the subject's own, its type's wildcard, and usersets that it may be in. */
  private *direct(relation: Relation, resource: string, hops: number): Reading<Outcome> {
    const branches = new Branches();
    const reads: Question[] = [];
    const { name } = relation;
    const step: Step = { kind: 'direct', resource, relation: name, tuple: undefined };
    for (const subject of this.points(relation)) {
      const tuple: TupleKey = { resource, relation: name, subject };
      const contextual = this.scope.contextual.find(tuple);
      let found = contextual;
      const read: Question[] = [];
      if (found === undefined) {
        const question: Question = { kind: 'tuple', tuple };
        const answer = this.scope.lookup?.(question) ?? (yield question);
        if (!answer.complete) {
          branches.add(INCOMPLETE);
          continue;
        }
        read.push(question);
        found = answer.tuples[0];
      }
      reads.push(...read);
      if (found === undefined) continue;
      const held = this.holds(relation, found);
      if (held === true) return allow({ ...step, tuple }, read, []);
      if (held !== false) branches.add(held);
    }
    if (relation.directTypes.some((type) => type.relation !== '')) {
      const question: Question = { kind: 'subjects', resource, relation: name, range: 'userset' };
      const read = this.scope.lookup?.(question) ?? (yield question);
      const answer = this.scope.contextual.over(question, (subject) => subject.includes('#'), read);
      if (answer.complete) reads.push(question);
      else branches.add(INCOMPLETE);
      for (const found of inOrder(answer.tuples)) {
        const held = this.holds(relation, found);
        if (held === false) continue;
        const outcome = held === true ? yield* this.through(found.tuple.subject, hops) : held;
        if (outcome === undefined) continue;
        if (outcome.verdict === 'allow') return allow({ ...step, tuple: found.tuple }, this.readOf(found.tuple), [outcome.why]);
        branches.add(outcome);
      }
    }
    return branches.end(step, reads);
  }

  /** Whether the subject is in a userset; undefined where the model does not know its relation. */
  private *through(userset: string, hops: number): Reading<Outcome | undefined> {
    const of = subjectOf(userset);
    if (of.kind !== 'userset' || relationOf(this.scope.model, of.type, of.relation) === undefined) return undefined;
    return yield* this.relation(of.object, of.relation, hops + 1);
  }

  /** Subjects whose own tuples grant the relation to ours, as far as the model allows such tuples. */
  private points({ directTypes }: Relation): readonly string[] {
    const { parsed, subject } = this;
    const { kind, type } = parsed;
    const points: string[] = [];
    const own = (direct: DirectType): boolean => {
      if (direct.type !== type) return false;
      if (kind === 'wildcard') return direct.wildcard;
      return kind === 'userset' ? direct.relation === parsed.relation : direct.relation === '' && !direct.wildcard;
    };
    if (directTypes.some(own)) points.push(subject);
    if (kind === 'plain' && directTypes.some((direct) => direct.wildcard && direct.type === type)) points.push(`${type}:*`);
    return points;
  }

  private *tupleToUserset(
    { tupleset, computed }: Extract<Rewrite, { readonly kind: 'tupleToUserset' }>,
    resource: string,
    hops: number,
  ): Reading<Outcome> {
    const { model, contextual } = this.scope;
    const step: Step = { kind: 'tupleToUserset', tupleset, computed, tuple: undefined };
    const parents = relationOf(model, typeOf(resource), tupleset);
    const branches = new Branches();
    if (parents === undefined) return branches.end(step, []);
    const question: Question = { kind: 'subjects', resource, relation: tupleset, range: 'plain' };
    const isPlain = (subject: string): boolean => subjectOf(subject).kind === 'plain';
    const answer = contextual.over(question, isPlain, this.scope.lookup?.(question) ?? (yield question));
    if (!answer.complete) branches.add(INCOMPLETE);
    for (const found of inOrder(answer.tuples)) {
      const { tuple } = found;
      // One type of parent may have the relation and another not: of that one nothing follows.
      if (relationOf(model, typeOf(tuple.subject), computed) === undefined) continue;
      const held = this.holds(parents, found);
      if (held === false) continue;
      const outcome = held === true ? yield* this.relation(tuple.subject, computed, hops + 1) : held;
      if (outcome.verdict === 'allow') return allow({ ...step, tuple }, this.readOf(tuple), [outcome.why]);
      branches.add(outcome);
    }
    return branches.end(step, answer.complete ? [question] : []);
  }

  /** What shows that a tuple is there: nothing where the question brought it. */
  private readOf(tuple: TupleKey): readonly Question[] {
    return this.scope.contextual.find(tuple) === undefined ? [{ kind: 'tuple', tuple }] : [];
  }

  private holds(relation: Relation, found: ReadTuple): boolean | Extract<Outcome, { readonly verdict: 'error' }> {
    const held = holds(this.scope, relation, found);
    return typeof held === 'boolean' ? held : { verdict: 'error', error: held };
  }
}

function inOrder(tuples: readonly ReadTuple[]): readonly ReadTuple[] {
  if (tuples.length < 2) return tuples;
  return [...tuples].sort((a, b) => (a.tuple.subject < b.tuple.subject ? -1 : a.tuple.subject > b.tuple.subject ? 1 : 0));
}
