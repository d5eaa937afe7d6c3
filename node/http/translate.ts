/** From OpenFGA request bodies to the core's words, and back to pages: pure functions between schema check and admission. */
import { createHash } from 'node:crypto';
import type { Operation, Transaction, TupleKey } from '../../core/state/transaction.ts';
import { HttpError } from './errors.ts';
import { conditionOf } from './operations.ts';

/** Tuples in one write. Source: OpenFGA's default MAX_TUPLES_PER_WRITE. */
const WRITE_TUPLES_MAX = 100;
const TOKEN_TAG_BYTES = 8;

export interface TupleKeyBody {
  readonly user: string;
  readonly relation: string;
  readonly object: string;
  readonly condition?: { readonly name: string; readonly context?: Readonly<Record<string, unknown>> } | null;
}

export interface WriteBodyShape {
  readonly writes?: { readonly tuple_keys: readonly TupleKeyBody[]; readonly on_duplicate?: 'error' | 'ignore' };
  readonly deletes?: { readonly tuple_keys: readonly TupleKeyBody[]; readonly on_missing?: 'error' | 'ignore' };
}

export function tupleKeyOf(body: TupleKeyBody): TupleKey {
  return { resource: body.object, relation: body.relation, subject: body.user };
}

/** How a tuple is named in messages. */
export function describeTuple(tuple: TupleKey): string {
  return `user: '${tuple.subject}', relation: '${tuple.relation}', object: '${tuple.resource}'`;
}

/** Deletes first, all or nothing. @param who the authenticated actor and the stated reason; inside the transaction's hash. */
export function transactionOf(body: WriteBodyShape, who: { readonly actor: string; readonly reason: string }): Transaction {
  const deletes = body.deletes?.tuple_keys ?? [];
  const writes = body.writes?.tuple_keys ?? [];
  if (deletes.length + writes.length === 0) {
    throw new HttpError(400, 'invalid_write_input', 'Name at least one tuple in writes.tuple_keys or deletes.tuple_keys.');
  }
  if (deletes.length + writes.length > WRITE_TUPLES_MAX) {
    const message = `The number of write operations exceeds the allowed limit of ${WRITE_TUPLES_MAX}.`;
    throw new HttpError(400, 'exceeded_entity_limit', message);
  }
  refuseDuplicates([...deletes, ...writes]);
  const operations: Operation[] = deletes.map((body_) => ({
    op: 'deleteTuple',
    tuple: tupleKeyOf(body_),
    onMissing: body.deletes?.on_missing ?? 'error',
  }));
  for (const write of writes) {
    const onDuplicate = body.writes?.on_duplicate ?? 'error';
    operations.push({
      op: 'writeTuple',
      tuple: tupleKeyOf(write),
      condition: conditionOf(write.condition, 'condition'),
      expiresAt: 0,
      onDuplicate,
    });
  }
  return { ...who, operations };
}

function refuseDuplicates(bodies: readonly TupleKeyBody[]): void {
  const seen = new Set<string>();
  for (const body of bodies) {
    const key = JSON.stringify([body.object, body.relation, body.user]);
    if (seen.has(key)) {
      const message = `duplicate tuple in write: ${describeTuple(tupleKeyOf(body))}`;
      throw new HttpError(400, 'cannot_allow_duplicate_tuples_in_one_request', message);
    }
    seen.add(key);
  }
}

/** Cursor bytes behind eight bytes that tie them to the question, so that a token is neither altered nor used with another filter. */
export function encodeToken(question: unknown, cursor: Uint8Array): string {
  return cursor.length === 0 ? '' : Buffer.concat([tokenTag(question, cursor), cursor]).toString('base64url');
}

/** The cursor of a token made for the same question; empty for no token. */
export function decodeToken(question: unknown, token: string | undefined): Uint8Array {
  if (token === undefined || token === '') return new Uint8Array(0);
  const bytes = Buffer.from(token, 'base64url');
  const cursor = new Uint8Array(bytes.subarray(TOKEN_TAG_BYTES));
  const canonical = cursor.length > 0 && bytes.toString('base64url') === token;
  if (!canonical || !tokenTag(question, cursor).equals(bytes.subarray(0, TOKEN_TAG_BYTES))) {
    throw new HttpError(
      400,
      'invalid_continuation_token',
      'The continuation token is not one this server gave for this question.',
    );
  }
  return cursor;
}

function tokenTag(question: unknown, cursor: Uint8Array): Buffer {
  return createHash('sha256').update(JSON.stringify(question)).update(cursor).digest().subarray(0, TOKEN_TAG_BYTES);
}
