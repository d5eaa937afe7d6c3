/**
 * The authorization models of the workload, and their little world: nested teams, folders in folders, files with exclusion, intersection and a
 * condition. Both models have the same relations; the narrow one allows fewer tuples, so that what was written under the wide one is passed over.
 */
import { defined } from '../../core/assert.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import type { Model } from '../../core/model/model.ts';
import { parseModel } from '../../core/model/parse.ts';

export type ModelName = 'wide' | 'narrow';

/** Who a tuple may name: `type`, `type:*` or `type#relation`, with a condition after a space. */
type Allowed = string;

const THIS: unknown = { this: {} };

function computed(relation: string): unknown {
  return { computedUserset: { relation } };
}

function from(tupleset: string, relation: string): unknown {
  return { tupleToUserset: { tupleset: { relation: tupleset }, computedUserset: { relation } } };
}

function union(...child: readonly unknown[]): unknown {
  return { union: { child } };
}

function allowed(text: Allowed): unknown {
  const [subject = '', condition] = text.split(' ');
  const [type = '', relation] = subject.split('#');
  const wildcard = type.endsWith(':*');
  return {
    type: wildcard ? type.slice(0, -2) : type,
    ...(wildcard ? { wildcard: {} } : {}),
    ...(relation === undefined ? {} : { relation }),
    ...(condition === undefined ? {} : { condition }),
  };
}

function typeOf(type: string, relations: Readonly<Record<string, readonly [unknown, ...Allowed[]]>>): unknown {
  const entries = Object.entries(relations);
  return {
    type,
    relations: Object.fromEntries(entries.map(([name, [rewrite]]) => [name, rewrite])),
    metadata: {
      relations: Object.fromEntries(
        entries.map(([name, [, ...types]]) => [name, { directly_related_user_types: types.map(allowed) }]),
      ),
    },
  };
}

/** Of the condition that some tuples carry: it is met where the question's `current` is below the tuple's `limit`. */
export const CONDITION: string = 'under_limit';

function source(name: ModelName): unknown {
  const wide = name === 'wide';
  const readers = wide ? ['person:*', 'team#member'] : [];
  const conditions = {
    [CONDITION]: {
      name: CONDITION,
      expression: 'current < limit',
      parameters: { current: { type_name: 'TYPE_NAME_INT' }, limit: { type_name: 'TYPE_NAME_INT' } },
    },
  };
  const type_definitions = [
    { type: 'person' },
    typeOf('team', { member: [THIS, 'person', 'team#member'] }),
    typeOf('folder', {
      parent: [THIS, 'folder'],
      owner: [THIS, 'person'],
      viewer: [union(THIS, computed('owner'), from('parent', 'viewer')), 'person', 'team#member', ...(wide ? ['person:*'] : [])],
    }),
    typeOf('file', {
      parent: [THIS, 'folder'],
      owner: [THIS, 'person'],
      blocked: [THIS, 'person', 'team#member'],
      approved: [THIS, 'person', 'team#member'],
      reader: [union(THIS, computed('owner'), from('parent', 'viewer')), 'person', `person ${CONDITION}`, ...readers],
      can_read: [{ difference: { base: computed('reader'), subtract: computed('blocked') } }],
      can_publish: [{ intersection: { child: [computed('can_read'), computed('approved')] } }],
    }),
  ];
  return { schema_version: '1.1', type_definitions, conditions };
}

function textOf(name: ModelName): string {
  const json = canonicalJson(source(name));
  return defined(json.ok ? json.text : undefined, 'the models of the workload are JSON');
}

/** RFC 8785 JSON, as it is written. */
export const MODEL_TEXTS: Readonly<Record<ModelName, string>> = { wide: textOf('wide'), narrow: textOf('narrow') };

const parsed: Map<string, Model> = new Map();

/** A model that was written, by its text. */
export function modelOfText(text: string): Model {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const model = parseModel(JSON.parse(text));
  const read = defined(model.ok ? model.value : undefined, 'a model in a block parses');
  parsed.set(text, read);
  return read;
}

/** Whether the condition holds; undefined: the question does not say enough. Both are JSON objects. */
export function isMet(tupleContext: string, questionContext: string): boolean | undefined {
  const { limit, current } = { ...(JSON.parse(questionContext) as object), ...(JSON.parse(tupleContext) as object) } as {
    readonly limit?: number;
    readonly current?: number;
  };
  return limit === undefined || current === undefined ? undefined : current < limit;
}
