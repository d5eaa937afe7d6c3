/**
 * Reading the JSON object of an answer with a proof into typed fields. Unknown fields of the answer are ignored; inside the
 * statement they are refused, because there they would be part of what is claimed.
 *
 *   { allowed, height, block_hash, state_root, tree_root, header, proof, bucket_hashes?,
 *     statement: { v: 1, org, store, height, tuple: { user, relation, object }, verdict: "allow" | "deny" } }
 *
 * Hashes are lower-case hex; header, proof and bucket_hashes are canonical base64; ids are ULIDs in canonical text.
 */
import { type Parsed, refused } from '../bytes/parsed.ts';
import type { TupleKey } from '../state/transaction.ts';
import { type About, readAbout } from './about.ts';
import { type AnchorClaim, readAnchorClaim } from './anchor-claim.ts';
import { Fields } from './json-fields.ts';
import { readTuple } from './statement-json.ts';

/** What a statement over a direct tuple claims. */
export interface Statement extends About {
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

function readStatement(value: unknown): Parsed<Statement> {
  const fields = new Fields(value, 'statement');
  fields.only(STATEMENT_FIELDS);
  if (fields.problem === undefined && fields.any('v') !== 1) return refused('statement.v is not 1');
  const tuple = new Fields(fields.any('tuple'), 'statement.tuple');
  tuple.only(TUPLE_FIELDS);
  const verdict = fields.any('verdict');
  const statement: Statement = {
    ...readAbout(fields),
    tuple: readTuple(tuple),
    allowed: verdict === 'allow',
  };
  const problem = fields.problem ?? tuple.problem;
  if (problem !== undefined) return refused(problem);
  if (verdict !== 'allow' && verdict !== 'deny') return refused('statement.verdict is not allow or deny');
  return { ok: true, value: statement };
}

/** Reads a parsed JSON value as an answer with a proof. Never throws on parsed JSON. */
export function readAnswer(answer: unknown): Parsed<AnswerClaim> {
  const fields = new Fields(answer, 'answer');
  if (fields.problem !== undefined) return refused(fields.problem);
  const statement = readStatement(fields.any('statement'));
  if (!statement.ok) return statement;
  const allowed = fields.boolean('allowed');
  const anchor = readAnchorClaim(fields);
  return anchor.ok ? { ok: true, value: { ...anchor.value, allowed, statement: statement.value } } : anchor;
}
