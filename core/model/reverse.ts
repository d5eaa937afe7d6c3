/**
 * A model read backwards: which relations can follow from a relation. Exclusions and intersections are taken for unions of what
 * grants (the subtracted side grants nothing), so that what is reached is a superset of what holds; the evaluator decides.
 */
import { unreachable } from '../assert.ts';
import type { DirectType, Model, Rewrite } from './model.ts';

/** A relation of a type. */
export interface Node {
  readonly type: string;
  readonly relation: string;
}

/** What follows from a relation that a subject has to an object. */
export interface Followers {
  /** Relations of the same object. */
  readonly computed: readonly string[];
  /** Relations that tuples grant to the userset object#relation. */
  readonly usersets: readonly Node[];
  /** Relations of the objects that name the object in a tuple of `tupleset`. */
  readonly parents: readonly (Node & { readonly tupleset: string })[];
}

interface Growing {
  readonly computed: Set<string>;
  readonly usersets: Map<string, Node>;
  readonly parents: Map<string, Node & { readonly tupleset: string }>;
}

function nameOf({ type, relation }: Node): string {
  return `${type}#${relation}`;
}

export class ReverseModel {
  private readonly followers: Map<string, Growing> = new Map();
  private readonly model: Model;
  /** Relations that tuples may grant, with the types that they grant it to. */
  private readonly granted: readonly (Node & { readonly direct: DirectType })[];

  constructor(model: Model) {
    this.model = model;
    const granted: (Node & { readonly direct: DirectType })[] = [];
    for (const [type, { relations }] of model.types) {
      for (const [relation, { rewrite, directTypes }] of relations) {
        for (const direct of directTypes) {
          granted.push({ type, relation, direct });
          if (direct.relation === '') continue;
          this.grow({ type: direct.type, relation: direct.relation }).usersets.set(nameOf({ type, relation }), {
            type,
            relation,
          });
        }
        this.addRewrite({ type, relation }, rewrite);
      }
    }
    this.granted = granted;
  }

  /** Relations that a tuple may grant to a subject: by its type, as a plain one, wildcard or userset. */
  grantedTo(isCovered: (direct: DirectType) => boolean): readonly Node[] {
    const nodes = new Map<string, Node>();
    for (const { type, relation, direct } of this.granted) {
      if (isCovered(direct)) nodes.set(nameOf({ type, relation }), { type, relation });
    }
    return [...nodes.values()];
  }

  followersOf(node: Node): Followers {
    const found = this.followers.get(nameOf(node));
    if (found === undefined) return { computed: [], usersets: [], parents: [] };
    return { computed: [...found.computed], usersets: [...found.usersets.values()], parents: [...found.parents.values()] };
  }

  /** Names of the relations, `type#relation`, from which a relation can follow, its own included. */
  feedersOf(target: Node): ReadonlySet<string> {
    const before = new Map<string, Set<string>>();
    const note = (from: string, to: string): void => {
      const known = before.get(to);
      if (known === undefined) before.set(to, new Set([from]));
      else known.add(from);
    };
    for (const [from, { computed, usersets, parents }] of this.followers) {
      const type = from.slice(0, from.indexOf('#'));
      for (const relation of computed) note(from, nameOf({ type, relation }));
      for (const to of usersets.keys()) note(from, to);
      for (const to of parents.values()) note(from, nameOf(to));
    }
    const feeders = new Set<string>([nameOf(target)]);
    for (const to of feeders) for (const from of before.get(to) ?? []) feeders.add(from);
    return feeders;
  }

  private grow(node: Node): Growing {
    const name = nameOf(node);
    const known = this.followers.get(name);
    if (known !== undefined) return known;
    const made: Growing = { computed: new Set(), usersets: new Map(), parents: new Map() };
    this.followers.set(name, made);
    return made;
  }

  private addRewrite(node: Node, rewrite: Rewrite): void {
    const { type, relation } = node;
    switch (rewrite.kind) {
      case 'this':
        return;
      case 'computed':
        this.grow({ type, relation: rewrite.relation }).computed.add(relation);
        return;
      case 'tupleToUserset': {
        const { tupleset, computed } = rewrite;
        for (const parent of this.model.types.get(type)?.relations.get(tupleset)?.directTypes ?? []) {
          if (parent.relation !== '' || parent.wildcard) continue;
          const follower = { type, relation, tupleset };
          this.grow({ type: parent.type, relation: computed }).parents.set(`${nameOf(node)} from ${tupleset}`, follower);
        }
        return;
      }
      case 'union':
      case 'intersection':
        for (const child of rewrite.children) this.addRewrite(node, child);
        return;
      case 'exclusion':
        this.addRewrite(node, rewrite.base);
        return;
      default:
        unreachable(rewrite);
    }
  }
}
