/**
 * Reading the JSON object of an answer with a proof into typed fields. Unknown fields of the answer are ignored; inside the
 * statement they are refused, because there they would be part of what is claimed.
 *
 *   { allowed, height, block_hash, state_root, tree_root, header, proof, bucket_hashes?,
 *     statement: { v: 1, org, store, height, tuple: { user, relation, object }, verdict: "allow" | "deny" } }
 *
 * Hashes are lower-case hex; header, proof and bucket_hashes are canonical base64; ids are ULIDs in canonical text.
 */
import type { TupleKey } from '../state/transaction.ts';
import { type AnchorClaim, readAnchorClaim } from './anchor-claim.ts';
import { Fields, type Shaped } from './json-fields.ts';

/** What a statement over a direct tuple claims. */
export interface Statement {
  /** ULID texts, and their 16 bytes. */
  readonly organization: string;
  readonly store: string;
  readonly organizationBytes: Uint8Array;
  readonly storeBytes: Uint8Array;
  readonly height: number;
  readonly tuple: TupleKey;
  readonly allowed: boolean;
}

/** An answer with a proof, read but not believed. */
export interface AnswerClaim extends AnchorClaim {
  readonly allowed: boolean;
  readonly statement: Statement;
}

const STATEMENT_FIELDS: readonly string[] = ['v', 'org', 'store', 'height', 'tuple', 'verdict'];
const TUPLE_FIELDS: readonly string[] = ['user', 'relation', 'object'];
function readStatement(value: unknown): Shaped<Statement> {
  const fields = new Fields(value, 'statement');
  fields.only(STATEMENT_FIELDS);
  if (fields.problem === undefined && fields.any('v') !== 1) return { ok: false, reason: 'statement.v is not 1' };
  const tuple = new Fields(fields.any('tuple'), 'statement.tuple');
  tuple.only(TUPLE_FIELDS);
  const verdict = fields.any('verdict');
  const statement: Statement = {
    organization: fields.text('org'),
    store: fields.text('store'),
    organizationBytes: fields.ulid('org'),
    storeBytes: fields.ulid('store'),
    height: fields.height('height'),
    tuple: { resource: tuple.text('object'), relation: tuple.text('relation'), subject: tuple.text('user') },
    allowed: verdict === 'allow',
  };
  const problem = fields.problem ?? tuple.problem;
  if (problem !== undefined) return { ok: false, reason: problem };
  if (verdict !== 'allow' && verdict !== 'deny') return { ok: false, reason: 'statement.verdict is not allow or deny' };
  return { ok: true, value: statement };
}

/** Reads a parsed JSON value as an answer with a proof. Never throws on parsed JSON. */
export function readAnswer(answer: unknown): Shaped<AnswerClaim> {
  const fields = new Fields(answer, 'answer');
  if (fields.problem !== undefined) return { ok: false, reason: fields.problem };
  const statement = readStatement(fields.any('statement'));
  if (!statement.ok) return statement;
  const allowed = fields.boolean('allowed');
  const anchor = readAnchorClaim(fields);
  return anchor.ok ? { ok: true, value: { ...anchor.value, allowed, statement: statement.value } } : anchor;
}
