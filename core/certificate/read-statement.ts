/** Reads a certificate's statement from parsed JSON, strictly: unknown fields are refused, because they would be part of what is claimed. */
import type { Context } from '../authz/condition.ts';
import type { SubjectFilter } from '../authz/list-users.ts';
import type { ReadTuple } from '../authz/reading.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';
import { CHECK_DEPTH_MAX, CONTEXTUAL_TUPLES_MAX, USER_FILTERS_MAX } from '../limits.ts';
import { type About, readAbout } from '../proof/about.ts';
import { Fields } from '../proof/json-fields.ts';
import { readTuple } from '../proof/statement-json.ts';
import { isRelation, isResource, isSubject, isTupleKey } from '../state/names.ts';
import type { TupleCondition } from '../state/transaction.ts';
import type { Asked, AskedUnder, Found } from './asked.ts';
import { compareTexts, compareTuples, FIELDS_OF } from './statement-json.ts';

/** A statement, read but not believed. */
export interface CertificateClaim {
  readonly about: About;
  readonly blockHash: Uint8Array;
  readonly asked: Asked;
  readonly found: Found;
}

const KINDS: readonly Asked['kind'][] = ['check', 'listObjects', 'listUsers'];

/** Whether a parsed JSON value is such a statement, well-formed or not. */
export function isCertificateStatement(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'v') && (value as { v: unknown }).v === 2;
}

/** @param name of the statement, for refusals */
export function readCertificateStatement(value: unknown, name: string): Parsed<CertificateClaim> {
  const fields = new Fields(value, name);
  if (fields.problem !== undefined) return refused(fields.problem);
  if (fields.any('v') !== 2) return refused(`${name}.v is not 2`);
  const kinds = KINDS.filter((kind) => fields.has(FIELDS_OF[kind][0]));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return refused(`${name} has not exactly one of tuple, list_objects, list_users`);
  const [questionField, resultField] = FIELDS_OF[kind];
  fields.only([
    ...['v', 'org', 'store', 'height', 'block_hash', 'model', 'limits', 'context', 'contextual_tuples'],
    questionField,
    resultField,
  ]);
  const limits = new Fields(fields.any('limits'), `${name}.limits`);
  limits.only(['depth']);
  if (limits.any('depth') !== CHECK_DEPTH_MAX) limits.refuse('depth', `is not ${CHECK_DEPTH_MAX}`);
  const [about, blockHash, model] = [readAbout(fields), fields.hash('block_hash'), fields.text('model')];
  fields.ulid('model');
  const problem = fields.problem ?? limits.problem;
  if (problem !== undefined) return refused(problem);
  const under = readUnder(fields, name, model);
  if (!under.ok) return under;
  const asked = readAsked(kind, under.value, new Fields(fields.any(questionField), `${name}.${questionField}`));
  if (!asked.ok) return asked;
  const found = readFound(kind, fields.any(resultField), `${name}.${resultField}`);
  return found.ok ? { ok: true, value: { about, blockHash, asked: asked.value, found: found.value } } : found;
}

function readUnder(fields: Fields, name: string, model: string): Parsed<AskedUnder> {
  const context = readContext(fields, name);
  if (!context.ok) return context;
  const contextual: ReadTuple[] = [];
  if (fields.has('contextual_tuples')) {
    const list = fields.any('contextual_tuples');
    const where = `${name}.contextual_tuples`;
    if (!Array.isArray(list) || list.length === 0 || list.length > CONTEXTUAL_TUPLES_MAX) {
      return refused(`${where} is not a list of 1 to ${CONTEXTUAL_TUPLES_MAX} tuples`);
    }
    for (const [index, item] of list.entries()) {
      const tuple = readContextual(new Fields(item, `${where}[${index}]`), `${where}[${index}]`);
      if (!tuple.ok) return tuple;
      const before = contextual[index - 1];
      if (before !== undefined && compareTuples(before, tuple.value) >= 0) {
        return refused(`${where} are not in order, each once`);
      }
      contextual.push(tuple.value);
    }
  }
  return { ok: true, value: { model, context: context.value, contextual } };
}

/** A context that is there is not empty. */
function readContext(fields: Fields, name: string): Parsed<Context> {
  if (!fields.has('context')) return { ok: true, value: {} };
  const value = fields.any('context');
  const json = canonicalJson(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !json.ok) {
    return refused(`${name}.context is not a JSON object`);
  }
  return json.text === '{}' ? refused(`${name}.context is left out where it is empty`) : { ok: true, value: value as Context };
}

function readContextual(fields: Fields, name: string): Parsed<ReadTuple> {
  fields.only(['user', 'relation', 'object', 'condition']);
  const tuple = readTuple(fields);
  if (fields.problem !== undefined) return refused(fields.problem);
  if (!isTupleKey(tuple)) return refused(`${name} is not a tuple`);
  const condition = fields.has('condition') ? readCondition(fields, name) : { ok: true as const, value: undefined };
  return condition.ok ? { ok: true, value: { tuple, condition: condition.value } } : condition;
}

function readCondition(fields: Fields, name: string): Parsed<TupleCondition> {
  const inner = new Fields(fields.any('condition'), `${name}.condition`);
  inner.only(['name', 'context']);
  const text = inner.text('name');
  if (inner.problem !== undefined) return refused(inner.problem);
  if (!isRelation(text)) return refused(`${name}.condition.name is not a name`);
  const context = readContext(inner, `${name}.condition`);
  const json = context.ok ? canonicalJson(context.value) : undefined;
  if (!context.ok) return context;
  return json?.ok ? { ok: true, value: { name: text, context: json.text } } : refused(`${name}.condition.context is not JSON`);
}

function readAsked(kind: Asked['kind'], under: AskedUnder, fields: Fields): Parsed<Asked> {
  if (kind === 'check') {
    fields.only(['user', 'relation', 'object']);
    const tuple = readTuple(fields);
    if (!isTupleKey(tuple)) fields.refuse('', 'is not a tuple');
    return settled(fields, { ...under, kind, tuple });
  }
  if (kind === 'listObjects') {
    fields.only(['type', 'relation', 'user']);
    const [type, relation, subject] = [fields.text('type'), fields.text('relation'), fields.text('user')];
    if (!isRelation(type) || !isRelation(relation) || !isSubject(subject)) fields.refuse('', 'asks for no objects');
    return settled(fields, { ...under, kind, question: { type, relation, subject } });
  }
  fields.only(['object', 'relation', 'user_filters']);
  const [resource, relation] = [fields.text('object'), fields.text('relation')];
  if (!isResource(resource) || !isRelation(relation)) fields.refuse('', 'asks for no users');
  const list = fields.any('user_filters');
  const filters: SubjectFilter[] = [];
  if (!Array.isArray(list) || list.length === 0 || list.length > USER_FILTERS_MAX) {
    fields.refuse('user_filters', `is not a list of 1 to ${USER_FILTERS_MAX} filters`);
  } else {
    for (const item of list) filters.push(readFilter(item, fields));
  }
  return settled(fields, { ...under, kind, question: { resource, relation, filters } });
}

function readFilter(item: unknown, fields: Fields): SubjectFilter {
  const filter = new Fields(item, '');
  filter.only(['type', 'relation']);
  const type = filter.text('type');
  const relation = filter.has('relation') ? filter.text('relation') : '';
  const isFine = filter.problem === undefined && isRelation(type) && (isRelation(relation) || !filter.has('relation'));
  if (!isFine) fields.refuse('user_filters', 'holds one that is not { type, relation? }');
  return { type, relation };
}

function settled<T>(fields: Fields, value: T): Parsed<T> {
  return fields.problem === undefined ? { ok: true, value } : refused(fields.problem);
}

function readFound(kind: Asked['kind'], value: unknown, name: string): Parsed<Found> {
  if (kind === 'check') {
    if (value !== 'allow' && value !== 'deny') return refused(`${name} is not allow or deny`);
    return { ok: true, value: { kind: 'check', allowed: value === 'allow' } };
  }
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (!isTexts) return refused(`${name} is not a list of names`);
  const members = value as readonly string[];
  const isOrdered = members.every((item, index) => index === 0 || compareTexts(members[index - 1] as string, item) < 0);
  return isOrdered ? { ok: true, value: { kind: 'list', members } } : refused(`${name} are not in order, each once`);
}
