/**
 * What check, list-objects and list-users are to answer, worked out by trying: every way from the question to a tuple, with no memory and no
 * indices, over a list of tuples. Slow, and shares with core/authz no more than the model's data types.
 *
 *   a union allows where a child does, an intersection denies where a child does; else an error of a child is its own
 *   an exclusion denies where the base does, or what is subtracted allows or rests on itself
 *   a deny that can be had without a cycle is one without; no model of the workload subtracts what an error could leave in doubt there
 *   a way of more than CHECK_DEPTH_MAX tuples from one object to another is an error
 *   a relation that rests on itself denies; a tuple that the model does not allow is passed over
 */
import type { ExpandTree } from '../../core/authz/expand.ts';
import { CHECK_DEPTH_MAX } from '../../core/limits.ts';
import type { DirectType, Model, Relation, Rewrite } from '../../core/model/model.ts';
import type { TupleCondition, TupleKey } from '../../core/state/transaction.ts';
import { isMet } from './models.ts';

/** A tuple that is live. */
export interface HeldTuple {
  readonly tuple: TupleKey;
  readonly condition: TupleCondition | undefined;
}

/** cyclic: of a deny that met a relation resting on itself. */
export interface Defined {
  readonly verdict: 'allow' | 'deny' | 'error';
  readonly cyclic: boolean;
}

const ALLOW: Defined = { verdict: 'allow', cyclic: false };
const DENY: Defined = { verdict: 'deny', cyclic: false };
const CYCLE: Defined = { verdict: 'deny', cyclic: true };
const ERROR: Defined = { verdict: 'error', cyclic: false };

function typeOf(object: string): string {
  return object.slice(0, object.indexOf(':'));
}

function anyOf(branches: readonly Defined[]): Defined {
  if (branches.some(({ verdict }) => verdict === 'allow')) return ALLOW;
  if (branches.some(({ verdict }) => verdict === 'error')) return ERROR;
  return branches.some(({ cyclic }) => cyclic) ? CYCLE : DENY;
}

function allOf(branches: readonly Defined[]): Defined {
  const isDeny = ({ verdict }: Defined): boolean => verdict === 'deny';
  const denied = branches.find((branch) => isDeny(branch) && !branch.cyclic) ?? branches.find(isDeny);
  return denied ?? (branches.some(({ verdict }) => verdict === 'error') ? ERROR : ALLOW);
}

function difference(base: Defined, subtracted: Defined): Defined {
  if (base.verdict === 'deny' && !base.cyclic) return base;
  if (subtracted.verdict === 'allow') return DENY;
  if (base.verdict === 'deny') return base;
  if (subtracted.verdict === 'error') return ERROR;
  return subtracted.cyclic ? CYCLE : base;
}

/** Whether a model lets a tuple be written. None lets one be that says of a relation only that it has itself. */
export function admits(model: Model, { tuple: { resource, relation, subject }, condition }: HeldTuple): boolean {
  if (`${resource}#${relation}` === subject) return false;
  const direct = model.types.get(typeOf(resource))?.relations.get(relation)?.directTypes ?? [];
  return direct.some((each) => fits(each, subject, condition?.name ?? ''));
}

export class Definition {
  private readonly model: Model;
  private readonly tuples: readonly HeldTuple[];
  private readonly context: string;

  /** @param tuples all that are live @param context of the question: a JSON object */
  constructor(model: Model, tuples: readonly HeldTuple[], context: string) {
    this.model = model;
    this.tuples = tuples;
    this.context = context;
  }

  check({ resource, relation, subject }: TupleKey): Defined {
    return this.relation(resource, relation, { subject, open: [], hops: 0 });
  }

  /** Objects of a type to which the subject has the relation, sorted. Of no use where a condition has no verdict. */
  objects(type: string, relation: string, subject: string): readonly string[] {
    const named = new Set(this.tuples.map(({ tuple }) => tuple.resource).filter((resource) => typeOf(resource) === type));
    return [...named].filter((resource) => this.check({ resource, relation, subject }).verdict === 'allow').sort();
  }

  /** Plain subjects of a type, and its wildcard, that have the relation and are named by a tuple on the way to it, sorted. */
  subjects(resource: string, relation: string, type: string): readonly string[] {
    const met = new Set<string>([`${resource}#${relation}`]);
    for (const name of met) for (const next of this.namedBy(name)) met.add(next);
    const candidates = [...met].filter((name) => !name.includes('#') && typeOf(name) === type);
    return candidates.filter((subject) => this.check({ resource, relation, subject }).verdict === 'allow').sort();
  }

  /** What the relation consists of, one level deep; undefined: the model has no such relation. */
  expand(resource: string, relation: string): ExpandTree | undefined {
    const definition = this.relationOf(resource, relation);
    return definition === undefined ? undefined : this.expanded(definition.rewrite, resource, definition);
  }

  private expanded(rewrite: Rewrite, object: string, definition: Relation): ExpandTree {
    const name = `${object}#${definition.name}`;
    const subjects = (of: Relation | undefined): readonly string[] =>
      of === undefined ? [] : this.granted(of, object).map(({ tuple }) => tuple.subject);
    switch (rewrite.kind) {
      case 'this':
        return { kind: 'users', name, users: [...subjects(definition)].sort() };
      case 'computed':
        return { kind: 'computed', name, userset: `${object}#${rewrite.relation}` };
      case 'tupleToUserset': {
        const parents = subjects(this.relationOf(object, rewrite.tupleset)).filter((parent) => /^[^#]*[^#*]$/.test(parent));
        const computed = parents.filter((parent) => this.relationOf(parent, rewrite.computed) !== undefined);
        const usersets = [...computed].sort().map((parent) => `${parent}#${rewrite.computed}`);
        return { kind: 'tupleToUserset', name, tupleset: `${object}#${rewrite.tupleset}`, computed: usersets };
      }
      case 'union':
      case 'intersection':
        return { kind: rewrite.kind, name, nodes: rewrite.children.map((child) => this.expanded(child, object, definition)) };
      case 'exclusion': {
        const [base, subtract] = [rewrite.base, rewrite.subtract].map((one) => this.expanded(one, object, definition));
        return { kind: 'difference', name, base: base as ExpandTree, subtract: subtract as ExpandTree };
      }
    }
  }

  private relation(object: string, relation: string, { subject, open, hops }: Way): Defined {
    const name = `${object}#${relation}`;
    if (name === subject) return ALLOW;
    if (open.includes(name)) return CYCLE;
    if (hops >= CHECK_DEPTH_MAX) return ERROR;
    const definition = this.relationOf(object, relation);
    return definition === undefined
      ? ERROR
      : this.rewrite(definition.rewrite, { object, definition, subject, open: [...open, name], hops });
  }

  private rewrite(rewrite: Rewrite, place: Place): Defined {
    const { object } = place;
    switch (rewrite.kind) {
      case 'this':
        return anyOf(this.granted(place.definition, object).map((held) => this.through(held, place)));
      case 'computed':
        return this.relation(object, rewrite.relation, place);
      case 'tupleToUserset': {
        const parents = this.relationOf(object, rewrite.tupleset);
        if (parents === undefined) return DENY;
        const followed = this.granted(parents, object).map((held): Defined => {
          const parent = held.tuple.subject;
          if (this.relationOf(parent, rewrite.computed) === undefined) return DENY;
          return this.met(held) ?? this.relation(parent, rewrite.computed, { ...place, hops: place.hops + 1 });
        });
        return anyOf(followed);
      }
      case 'union':
        return anyOf(rewrite.children.map((child) => this.rewrite(child, place)));
      case 'intersection':
        return allOf(rewrite.children.map((child) => this.rewrite(child, place)));
      case 'exclusion':
        return difference(this.rewrite(rewrite.base, place), this.rewrite(rewrite.subtract, place));
    }
  }

  /** What a tuple of the relation itself says about the subject. */
  private through(held: HeldTuple, place: Place): Defined {
    const { subject } = place;
    const named = held.tuple.subject;
    const hash = named.indexOf('#');
    const isCovered = named === subject || (!subject.includes('#') && named === `${typeOf(subject)}:*`);
    if (isCovered) return this.met(held) ?? ALLOW;
    if (hash < 0) return DENY;
    return this.met(held) ?? this.relation(named.slice(0, hash), named.slice(hash + 1), { ...place, hops: place.hops + 1 });
  }

  /** Why the tuple's condition stands in the way; undefined where it does not. */
  private met({ condition }: HeldTuple): Defined | undefined {
    if (condition === undefined) return undefined;
    const verdict = isMet(condition.context, this.context);
    if (verdict === undefined) return ERROR;
    return verdict ? undefined : DENY;
  }

  /** Tuples of an object's relation that the model allows. */
  private granted(relation: Relation, object: string): readonly HeldTuple[] {
    return this.tuples.filter(({ tuple, condition }) => {
      if (tuple.resource !== object || tuple.relation !== relation.name) return false;
      return relation.directTypes.some((direct) => fits(direct, tuple.subject, condition?.name ?? ''));
    });
  }

  /** Subjects and relations that a relation's rewrite leads to, what is subtracted among them. */
  private namedBy(name: string): readonly string[] {
    const hash = name.indexOf('#');
    const object = name.slice(0, hash);
    const relation = hash < 0 ? undefined : this.relationOf(object, name.slice(hash + 1));
    const named = (rewrite: Rewrite, of: Relation): readonly string[] => {
      switch (rewrite.kind) {
        case 'this':
          return this.followed(of, object);
        case 'computed':
          return [`${object}#${rewrite.relation}`];
        case 'tupleToUserset': {
          const parents = this.relationOf(object, rewrite.tupleset);
          return parents === undefined ? [] : this.followed(parents, object).map((parent) => `${parent}#${rewrite.computed}`);
        }
        case 'union':
        case 'intersection':
          return rewrite.children.flatMap((child) => named(child, of));
        case 'exclusion':
          return [...named(rewrite.base, of), ...named(rewrite.subtract, of)];
      }
    };
    return relation === undefined ? [] : named(relation.rewrite, relation);
  }

  private followed(relation: Relation, object: string): readonly string[] {
    return this.granted(relation, object)
      .filter((held) => this.met(held) === undefined)
      .map(({ tuple }) => tuple.subject);
  }

  private relationOf(object: string, relation: string): Relation | undefined {
    return this.model.types.get(typeOf(object))?.relations.get(relation);
  }
}

/** How a question came to where it is. */
interface Way {
  readonly subject: string;
  /** Relations that the question leads through, `object#relation`. */
  readonly open: readonly string[];
  /** Tuples from one object to another that were followed. */
  readonly hops: number;
}

interface Place extends Way {
  readonly object: string;
  readonly definition: Relation;
}

/** Whether a relation may be granted to that subject under that condition. */
function fits(direct: DirectType, subject: string, condition: string): boolean {
  const [object = '', relation = ''] = subject.split('#');
  const isWildcard = object.endsWith(':*');
  return (
    direct.type === typeOf(object) &&
    direct.relation === relation &&
    direct.wildcard === isWildcard &&
    direct.condition === condition
  );
}
