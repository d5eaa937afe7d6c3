/**
 * Questions and statements as JSON. A statement is the question, what it is about, and what was found; one finding has one form.
 *
 *   question  { tuple: { user, relation, object } } · { subjects: { object, relation, kind? } } · { resource: { object } }
 *             { grants: { user, relation? } } · { entity: { key } } · { model: { id } }     kind: wildcard | userset | plain
 *   statement { v: 1, org, store, height, the field of the question, and
 *               verdict: "allow" | "deny" for a tuple · tuples: [{ user, relation, object }] for a set · value: base64 or null
 *               definition: RFC 8785 text of a model, or null }
 */

import { unreachable } from '../assert.ts';
import { toBase64 } from '../bytes/base64.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { Finding } from './findings.ts';
import { Fields } from './json-fields.ts';
import type { Question, SubjectRange } from './statement.ts';

export interface TupleJson {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
}

/** A question: exactly one of these fields. */
export interface QuestionJson {
  readonly tuple?: TupleJson;
  readonly subjects?: { readonly object: string; readonly relation: string; readonly kind?: string };
  readonly resource?: { readonly object: string };
  readonly grants?: { readonly user: string; readonly relation?: string };
  readonly entity?: { readonly key: string };
  readonly model?: { readonly id: string };
}

/** What was found: the field that belongs to the kind of question. */
export interface FindingJson {
  readonly verdict?: 'allow' | 'deny';
  readonly tuples?: readonly TupleJson[];
  /** base64; null where there is no such entity, or it has expired. */
  readonly value?: string | null;
  /** RFC 8785 text of the model; null where there is none with this id. */
  readonly definition?: string | null;
}

export interface StatementJson extends QuestionJson, FindingJson {
  readonly v: 1;
  /** ULIDs. */
  readonly org: string;
  readonly store: string;
  readonly height: number;
}

const KINDS = ['tuple', 'subjects', 'resource', 'grants', 'entity', 'model'] as const;
const RANGES: readonly string[] = ['wildcard', 'userset', 'plain'];
const FIELDS_OF: Readonly<Record<Question['kind'], readonly string[]>> = {
  tuple: ['user', 'relation', 'object'],
  subjects: ['object', 'relation', 'kind'],
  resource: ['object'],
  grants: ['user', 'relation'],
  entity: ['key'],
  model: ['id'],
};
/** Each question is written in one way. */
const OPTIONAL_FIELD: Readonly<Partial<Record<Question['kind'], string>>> = {
  subjects: `kind is one of ${RANGES.join(', ')}, or left out for all`,
  grants: 'relation is left out for every one, not empty',
};
/** The field that holds what was found. */
export const CLAIM_OF: Readonly<Record<Question['kind'], keyof FindingJson>> = {
  tuple: 'verdict',
  subjects: 'tuples',
  resource: 'tuples',
  grants: 'tuples',
  entity: 'value',
  model: 'definition',
};

export function tupleJson({ resource, relation, subject }: TupleKey): TupleJson {
  return { user: subject, relation, object: resource };
}

export function questionJson(question: Question): QuestionJson {
  switch (question.kind) {
    case 'tuple':
      return { tuple: tupleJson(question.tuple) };
    case 'subjects': {
      const { resource, relation, range } = question;
      return { subjects: range === 'all' ? { object: resource, relation } : { object: resource, relation, kind: range } };
    }
    case 'resource':
      return { resource: { object: question.resource } };
    case 'grants': {
      const { subject, relation } = question;
      return { grants: relation === '' ? { user: subject } : { user: subject, relation } };
    }
    case 'entity':
      return { entity: { key: question.key } };
    case 'model':
      return { model: { id: question.id } };
    default:
      return unreachable(question);
  }
}

export function findingJson(finding: Finding): FindingJson {
  switch (finding.kind) {
    case 'tuple':
      return { verdict: finding.found === undefined ? 'deny' : 'allow' };
    case 'set':
      return { tuples: finding.found.map(({ tuple }) => tupleJson(tuple)) };
    case 'entity':
      return { value: finding.found === undefined ? null : toBase64(finding.found.value) };
    case 'model':
      return { definition: finding.found === undefined ? null : finding.found.model };
    default:
      return unreachable(finding);
  }
}

/**
 * Reads a question from the object that holds its field. Unknown fields beneath it are refused; those beside it are the caller's.
 * @param fields of the object, with the name that refusals give it
 */
export function readQuestion(fields: Fields, name: string): Parsed<Question> {
  const kinds = KINDS.filter((kind) => fields.has(kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return refused(`${name} has not exactly one of ${KINDS.join(', ')}`);
  const inner = new Fields(fields.any(kind), `${name}.${kind}`);
  inner.only(FIELDS_OF[kind]);
  const question = inner.problem === undefined ? questionOf(kind, inner) : undefined;
  if (question !== undefined && inner.problem === undefined) return { ok: true, value: question };
  return refused(inner.problem ?? `${name}.${kind}: ${OPTIONAL_FIELD[kind]}`);
}

/** Reads the fields of tupleJson. */
export function readTuple(fields: Fields): TupleKey {
  return { resource: fields.text('object'), relation: fields.text('relation'), subject: fields.text('user') };
}

function questionOf(kind: Question['kind'], inner: Fields): Question | undefined {
  switch (kind) {
    case 'tuple':
      return { kind, tuple: readTuple(inner) };
    case 'subjects': {
      const range = inner.has('kind') ? inner.text('kind') : 'all';
      if (inner.has('kind') && !RANGES.includes(range)) return undefined;
      return { kind, resource: inner.text('object'), relation: inner.text('relation'), range: range as SubjectRange };
    }
    case 'resource':
      return { kind, resource: inner.text('object') };
    case 'grants': {
      const relation = inner.has('relation') ? inner.text('relation') : '';
      if (inner.has('relation') && relation === '') return undefined;
      return { kind, subject: inner.text('user'), relation };
    }
    case 'entity':
      return { kind, key: inner.text('key') };
    case 'model':
      return { kind, id: inner.text('id') };
    default:
      return unreachable(kind);
  }
}
