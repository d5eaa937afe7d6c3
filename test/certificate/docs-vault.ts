/** A small vault in which every kind of rewrite decides something, and questions to it. */
import { transformer } from '@openfga/syntax-transformer';
import type { ReadTuple } from '../../core/authz/reading.ts';
import type { Asked, AskedUnder } from '../../core/certificate/asked.ts';
import { tupleOf } from '../state/support.ts';
import { MODEL_ID, type Vault, type VaultParts, vaultOf } from './support.ts';

export const DSL = `
model
  schema 1.1
type user
type group
  relations
    define member: [user, user:*, group#member]
type folder
  relations
    define parent: [folder]
    define viewer: [user, group#member] or viewer from parent
type doc
  relations
    define parent: [folder]
    define owner: [user]
    define blocked: [user, group#member]
    define approved: [user, group#member]
    define viewer: [user, user:*, group#member] or owner or viewer from parent
    define can_view: viewer but not blocked
    define can_sign: can_view and approved
`;

const TUPLES = [
  'group:eng#member@user:anne',
  'group:eng#member@user:bob',
  'group:staff#member@group:eng#member',
  'group:loop#member@group:pool#member',
  'group:pool#member@group:loop#member',
  'group:banned#member@user:bob',
  'folder:root#viewer@group:staff#member',
  'folder:sub#parent@folder:root',
  'doc:plan#parent@folder:sub',
  'doc:plan#owner@user:olga',
  'doc:plan#blocked@group:banned#member',
  'doc:plan#approved@group:eng#member',
  'doc:open#viewer@user:*',
  'doc:open#blocked@user:eve',
  'doc:loop#viewer@group:loop#member',
  'doc:memo#viewer@user:anne',
  ...Array.from({ length: 60 }, (_, i) => `doc:other${i}#viewer@user:u${i}`),
];

export function stored(text: string): ReadTuple {
  return { tuple: tupleOf(text), condition: undefined };
}

export function docsVault(parts: Partial<VaultParts> = {}): Vault {
  return vaultOf({ model: transformer.transformDSLToJSONObject(DSL), tuples: TUPLES.map(stored), ...parts });
}

export const UNDER: AskedUnder = { model: MODEL_ID, context: {}, contextual: [] };

export function check(text: string, under: Partial<AskedUnder> = {}): Asked {
  return { ...UNDER, ...under, kind: 'check', tuple: tupleOf(text) };
}

export function objects(type: string, relation: string, subject: string, under: Partial<AskedUnder> = {}): Asked {
  return { ...UNDER, ...under, kind: 'listObjects', question: { type, relation, subject } };
}

export function users(resource: string, relation: string, filter: string, under: Partial<AskedUnder> = {}): Asked {
  const [type = '', of = ''] = filter.split('#');
  return { ...UNDER, ...under, kind: 'listUsers', question: { resource, relation, filters: [{ type, relation: of }] } };
}

const guest = { contextual: [stored('doc:plan#viewer@user:guest'), stored('group:eng#member@user:temp')] };

/** Each with what it comes to. */
export const QUESTIONS: readonly (readonly [Asked, boolean | readonly string[]])[] = [
  [check('doc:memo#viewer@user:anne'), true],
  [check('doc:memo#viewer@user:bob'), false],
  [check('doc:plan#viewer@user:anne'), true],
  [check('doc:plan#can_view@user:anne'), true],
  [check('doc:plan#can_view@user:bob'), false],
  [check('doc:plan#can_sign@user:anne'), true],
  [check('doc:plan#can_sign@user:olga'), false],
  [check('doc:open#can_view@user:zoe'), true],
  [check('doc:open#can_view@user:eve'), false],
  [check('doc:loop#can_view@user:anne'), false],
  [check('group:eng#member@group:eng#member'), true],
  [check('group:staff#member@group:eng#member'), true],
  [check('doc:plan#can_view@user:guest', guest), true],
  [check('doc:plan#can_sign@user:temp', guest), true],
  [objects('doc', 'can_view', 'user:anne'), ['doc:memo', 'doc:open', 'doc:plan']],
  [objects('doc', 'can_sign', 'user:bob'), []],
  [objects('folder', 'viewer', 'user:bob'), ['folder:root', 'folder:sub']],
  [objects('doc', 'viewer', 'user:guest', guest), ['doc:open', 'doc:plan']],
  [users('doc:plan', 'can_view', 'user'), ['user:anne', 'user:olga']],
  [users('doc:plan', 'viewer', 'group#member'), ['group:eng#member', 'group:staff#member']],
  [users('doc:open', 'can_view', 'user'), ['user:*']],
  [users('doc:plan', 'can_view', 'user', guest), ['user:anne', 'user:guest', 'user:olga', 'user:temp']],
];
