/**
 * Check, defined instead of computed: the least set of (object, relation) that one subject has, by applying the model until nothing is added.
 * With exclusions it is built in layers, a relation above what it subtracts; where that is not possible, or where what is subtracted may rest on itself (of
 * which the evaluator says more than logic does), there is no answer.
 */
import { subjectOf, typeOf } from '../../../core/authz/names.ts';
import type { ReadTuple } from '../../../core/authz/reading.ts';
import { type Model, type Relation, type Rewrite, relationOf } from '../../../core/model/model.ts';

export interface NaiveWorld {
  readonly model: Model;
  readonly tuples: readonly ReadTuple[];
  /** Names of conditions that are met. */
  readonly met: ReadonlySet<string>;
}

type Holds = (name: string) => boolean;

interface Edge {
  readonly to: string;
  readonly isNegative: boolean;
}

function isCovered({ model, met }: NaiveWorld, { tuple, condition }: ReadTuple): boolean {
  const relation = relationOf(model, typeOf(tuple.resource), tuple.relation);
  const of = subjectOf(tuple.subject);
  const name = condition?.name ?? '';
  if (relation === undefined || (name !== '' && !met.has(name))) return false;
  return relation.directTypes.some((direct) => {
    if (direct.type !== of.type || direct.condition !== name || direct.wildcard !== (of.kind === 'wildcard')) return false;
    return direct.relation === (of.kind === 'userset' ? of.relation : '');
  });
}

/** Which relations of which objects, `object#relation`, a subject has; undefined where logic alone does not say. */
export function relationsOf(world: NaiveWorld, subject: string, objects: readonly string[]): ReadonlySet<string> | undefined {
  const counted = { ...world, tuples: world.tuples.filter((item) => isCovered(world, item)) };
  const nodes = objects.flatMap((object) => {
    const relations = [...(world.model.types.get(typeOf(object))?.relations.values() ?? [])];
    return relations.map((relation) => ({ object, relation, name: `${object}#${relation.name}` }));
  });
  const edges = new Map(nodes.map(({ object, relation, name }) => [name, edgesOf(counted, object, relation)]));
  const layers = layersOf(edges);
  if (layers === undefined) return undefined;
  const held = new Set<string>();
  for (let layer = 0; layer <= nodes.length; layer += 1) {
    const those = nodes.filter(({ name }) => layers.get(name) === layer);
    for (let before = -1; before < held.size; ) {
      before = held.size;
      for (const { object, relation, name } of those) {
        if (name === subject || isHeld(counted, { object, relation, subject, holds: (of) => held.has(of) })) held.add(name);
      }
    }
  }
  return held;
}

function parentsOf({ tuples }: NaiveWorld, object: string, tupleset: string): readonly string[] {
  const those = tuples.filter(({ tuple }) => tuple.resource === object && tuple.relation === tupleset);
  return those.map(({ tuple }) => tuple.subject).filter((subject) => subjectOf(subject).kind === 'plain');
}

interface Place {
  readonly object: string;
  readonly relation: Relation;
  readonly subject: string;
  readonly holds: Holds;
}

function isHeld(world: NaiveWorld, place: Place, rewrite: Rewrite = place.relation.rewrite): boolean {
  const { object, relation, subject, holds } = place;
  switch (rewrite.kind) {
    case 'this':
      return world.tuples.some(({ tuple }) => {
        if (tuple.resource !== object || tuple.relation !== relation.name) return false;
        if (tuple.subject === subject || holds(tuple.subject)) return true;
        return subjectOf(subject).kind === 'plain' && tuple.subject === `${typeOf(subject)}:*`;
      });
    case 'computed':
      return holds(`${object}#${rewrite.relation}`);
    case 'tupleToUserset':
      return parentsOf(world, object, rewrite.tupleset).some((parent) => holds(`${parent}#${rewrite.computed}`));
    case 'union':
      return rewrite.children.some((child) => isHeld(world, place, child));
    case 'intersection':
      return rewrite.children.every((child) => isHeld(world, place, child));
    case 'exclusion':
      return isHeld(world, place, rewrite.base) && !isHeld(world, place, rewrite.subtract);
  }
}

function edgesOf(world: NaiveWorld, object: string, relation: Relation, rewrite = relation.rewrite): readonly Edge[] {
  const positive = (to: string): Edge => ({ to, isNegative: false });
  switch (rewrite.kind) {
    case 'this': {
      const those = world.tuples.filter(({ tuple }) => tuple.resource === object && tuple.relation === relation.name);
      return those.map(({ tuple }) => positive(tuple.subject)).filter(({ to }) => to.includes('#'));
    }
    case 'computed':
      return [positive(`${object}#${rewrite.relation}`)];
    case 'tupleToUserset':
      return parentsOf(world, object, rewrite.tupleset).map((parent) => positive(`${parent}#${rewrite.computed}`));
    case 'union':
    case 'intersection':
      return rewrite.children.flatMap((child) => edgesOf(world, object, relation, child));
    case 'exclusion': {
      const subtracted = edgesOf(world, object, relation, rewrite.subtract);
      const negative = subtracted.map(({ to }) => ({ to, isNegative: true }));
      return [...edgesOf(world, object, relation, rewrite.base), ...negative];
    }
  }
}

/** How many subtractions lie below each; undefined where a subtracted one may reach a cycle. */
function layersOf(edges: ReadonlyMap<string, readonly Edge[]>): ReadonlyMap<string, number> | undefined {
  const reached = (from: string): ReadonlySet<string> => {
    const names = new Set<string>((edges.get(from) ?? []).map(({ to }) => to));
    for (const name of names) for (const { to } of edges.get(name) ?? []) names.add(to);
    return names;
  };
  const below = new Map([...edges.keys()].map((name) => [name, reached(name)]));
  const mayCycle = (name: string): boolean =>
    below.get(name)?.has(name) === true || [...(below.get(name) ?? [])].some((to) => below.get(to)?.has(to) === true);
  const layers = new Map([...edges.keys()].map((name) => [name, 0]));
  for (const list of edges.values()) for (const { to, isNegative } of list) if (isNegative && mayCycle(to)) return undefined;
  for (let round = 0; round <= edges.size; round += 1) {
    for (const [name, list] of edges) {
      for (const { to, isNegative } of list) {
        const least = (layers.get(to) ?? 0) + (isNegative ? 1 : 0);
        if (least > (layers.get(name) ?? 0)) layers.set(name, least);
      }
    }
  }
  return layers;
}
