/**
 * Reads a model from the JSON that OpenFGA's API, SDKs and transformers write: shapes and presence only. Whether it makes sense
 * is for validate.ts. Fields that no version of the language knows are ignored, as OpenFGA does.
 * Source: openfga/api, authzmodel.proto.
 */
import { type Parsed, refused } from '../bytes/parsed.ts';
import { Fields } from '../proof/json-fields.ts';
import type { Condition, DirectType, Model, ParameterType, Relation, Rewrite, ScalarType, TypeDefinition } from './model.ts';

/** Thrown and caught here only: a model is nested, and its first fault is enough. */
class Refusal {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Levels of rewrites within one relation. */
const REWRITE_DEPTH_MAX: number = 32;

const SCALARS: ReadonlyMap<string, ScalarType> = new Map([
  ['TYPE_NAME_ANY', 'any'],
  ['TYPE_NAME_BOOL', 'bool'],
  ['TYPE_NAME_STRING', 'string'],
  ['TYPE_NAME_INT', 'int'],
  ['TYPE_NAME_UINT', 'uint'],
  ['TYPE_NAME_DOUBLE', 'double'],
  ['TYPE_NAME_DURATION', 'duration'],
  ['TYPE_NAME_TIMESTAMP', 'timestamp'],
  ['TYPE_NAME_IPADDRESS', 'ipaddress'],
]);

/** @param value parsed JSON: `{schema_version, type_definitions, conditions?}` @returns the model, or in words what it lacks */
export function parseModel(value: unknown): Parsed<Model> {
  try {
    return { ok: true, value: readModel(fieldsOf(value, 'the model')) };
  } catch (error) {
    if (error instanceof Refusal) return refused(error.reason);
    throw error;
  }
}

function fieldsOf(value: unknown, name: string): Fields {
  return settled(new Fields(value, name));
}

function settled(fields: Fields): Fields {
  if (fields.problem !== undefined) throw new Refusal(fields.problem);
  return fields;
}

function textOf(fields: Fields, field: string): string {
  const text = fields.text(field);
  settled(fields);
  return text;
}

/** A text that may be missing or null: empty then. */
function optionalText(fields: Fields, field: string): string {
  const value = fields.any(field);
  return value === undefined || value === null ? '' : textOf(fields, field);
}

/** The members of an object that may be missing or null, sorted by name. */
function membersOf(value: unknown, name: string): readonly (readonly [string, unknown])[] {
  if (value === undefined || value === null) return [];
  fieldsOf(value, name);
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A list that may be missing or null. */
function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Refusal(`${name} is not a list`);
  return value;
}

function readModel(fields: Fields): Model {
  const version = textOf(fields, 'schema_version');
  if (version !== '1.1' && version !== '1.2') throw new Refusal(`schema_version is 1.1 or 1.2, not ${JSON.stringify(version)}`);
  const types = new Map<string, TypeDefinition>();
  for (const [index, item] of listOf(fields.any('type_definitions'), 'type_definitions').entries()) {
    const type = readType(fieldsOf(item, `type_definitions[${index}]`));
    if (types.has(type.name)) throw new Refusal(`the type '${type.name}' is defined more than once`);
    types.set(type.name, type);
  }
  const conditions = new Map<string, Condition>();
  for (const [name, item] of membersOf(fields.any('conditions'), 'conditions')) {
    conditions.set(name, readCondition(name, fieldsOf(item, `conditions.${name}`)));
  }
  return { types, conditions };
}

function readType(fields: Fields): TypeDefinition {
  const name = textOf(fields, 'type');
  const where = `the type '${name}'`;
  const metadata = fields.any('metadata');
  const typesOf = new Map(
    membersOf(
      metadata === undefined || metadata === null ? undefined : fieldsOf(metadata, `${where}: metadata`).any('relations'),
      `${where}: metadata.relations`,
    ),
  );
  const relations = new Map<string, Relation>();
  for (const [relation, rewrite] of membersOf(fields.any('relations'), `${where}: relations`)) {
    const at = `'${name}#${relation}'`;
    const about = typesOf.get(relation);
    const listed = about === undefined || about === null ? undefined : fieldsOf(about, at).any('directly_related_user_types');
    const directTypes = listOf(listed, `${at}: directly_related_user_types`).map((item) => readDirectType(fieldsOf(item, at)));
    relations.set(relation, { name: relation, rewrite: readRewrite(rewrite, at, REWRITE_DEPTH_MAX), directTypes });
  }
  return { name, relations };
}

function readDirectType(fields: Fields): DirectType {
  const wildcard = fields.any('wildcard');
  return {
    type: textOf(fields, 'type'),
    relation: optionalText(fields, 'relation'),
    wildcard: wildcard !== undefined && wildcard !== null,
    condition: optionalText(fields, 'condition'),
  };
}

const REWRITES = ['this', 'computedUserset', 'tupleToUserset', 'union', 'intersection', 'difference'] as const;

function readRewrite(value: unknown, at: string, depth: number): Rewrite {
  if (depth === 0) throw new Refusal(`${at} nests more than ${REWRITE_DEPTH_MAX} rewrites`);
  const fields = fieldsOf(value, at);
  const present = REWRITES.filter((name) => fields.any(name) !== undefined && fields.any(name) !== null);
  const [kind] = present;
  if (kind === undefined || present.length > 1) throw new Refusal(`${at} has not exactly one of ${REWRITES.join(', ')}`);
  const inner = fieldsOf(fields.any(kind), `${at}.${kind}`);
  switch (kind) {
    case 'this':
      return { kind: 'this' };
    case 'computedUserset':
      return { kind: 'computed', relation: textOf(inner, 'relation') };
    case 'tupleToUserset': {
      const tupleset = textOf(fieldsOf(inner.any('tupleset'), `${at}.tupleset`), 'relation');
      return { kind, tupleset, computed: textOf(fieldsOf(inner.any('computedUserset'), `${at}.computedUserset`), 'relation') };
    }
    case 'union':
    case 'intersection':
      return { kind, children: childrenOf(inner, at, depth) };
    default: {
      const base = readRewrite(inner.any('base'), at, depth - 1);
      return { kind: 'exclusion', base, subtract: readRewrite(inner.any('subtract'), at, depth - 1) };
    }
  }
}

function childrenOf(inner: Fields, at: string, depth: number): readonly Rewrite[] {
  const children = listOf(inner.any('child'), `${at}.child`).map((child) => readRewrite(child, at, depth - 1));
  if (children.length === 0) throw new Refusal(`${at} has a union or intersection of nothing`);
  return children;
}

function readCondition(key: string, fields: Fields): Condition {
  const name = textOf(fields, 'name');
  if (name !== key) throw new Refusal(`the condition under '${key}' names itself '${name}'`);
  const parameters = new Map<string, ParameterType>();
  for (const [parameter, item] of membersOf(fields.any('parameters'), `the condition '${name}': parameters`)) {
    parameters.set(parameter, readParameterType(fieldsOf(item, `the condition '${name}': the parameter '${parameter}'`), 4));
  }
  return { name, expression: textOf(fields, 'expression'), parameters };
}

function readParameterType(fields: Fields, depth: number): ParameterType {
  const text = textOf(fields, 'type_name');
  const scalar = SCALARS.get(text);
  if (scalar !== undefined) return { name: scalar, of: undefined };
  if ((text !== 'TYPE_NAME_LIST' && text !== 'TYPE_NAME_MAP') || depth === 0) {
    throw new Refusal(`there is no parameter type ${JSON.stringify(text)}`);
  }
  const generic = listOf(fields.any('generic_types'), 'generic_types');
  if (generic.length !== 1) throw new Refusal(`${text} is of exactly one generic type`);
  const of = readParameterType(fieldsOf(generic[0], 'generic_types[0]'), depth - 1);
  return { name: text === 'TYPE_NAME_LIST' ? 'list' : 'map', of };
}
