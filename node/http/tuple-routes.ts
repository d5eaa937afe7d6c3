/** `/stores/{id}/write`, `read` and `check` in the OpenFGA shapes, with Vouch's extras in headers and extra fields. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import type { Transaction, TupleKey } from '../../core/state/transaction.ts';
import type { Ledger, Patience } from '../ledger.ts';
import { anchorJson, provenAnswer, tupleJson } from './answer.ts';
import { fromRejection, HttpError } from './errors.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { writtenAnswer } from './log-routes.ts';
import { readOptionsOf } from './read-options.ts';
import { auditOf, storeOf, wantsProof } from './request.ts';
import { CheckBody, ReadBody, WriteBody } from './schemas.ts';
import {
  decodeToken,
  describeTuple,
  encodeToken,
  type TupleKeyBody,
  transactionOf,
  tupleKeyOf,
  type WriteBodyShape,
} from './translate.ts';

const READ_PAGE_DEFAULT = 50;

interface ReadBodyShape {
  readonly tuple_key?: { readonly user?: string; readonly relation?: string; readonly object?: string };
  readonly page_size?: number;
  readonly continuation_token?: string;
}

interface CheckBodyShape {
  readonly tuple_key: TupleKeyBody;
  readonly contextual_tuples?: { readonly tuple_keys: readonly unknown[] };
  readonly authorization_model_id?: string;
}

export function addTupleRoutes(app: FastifyInstance, ledger: Ledger, keys: IdempotencyKeys): void {
  app.post('/stores/:store/write', { schema: { body: WriteBody } }, async (request, reply) =>
    write(ledger, keys, request, reply),
  );
  app.post('/stores/:store/read', { schema: { body: ReadBody } }, async (request) => read(ledger, request));
  app.post('/stores/:store/check', { schema: { body: CheckBody } }, async (request) => check(ledger, request));
}

async function write(ledger: Ledger, keys: IdempotencyKeys, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const body = request.body as WriteBodyShape & { readonly authorization_model_id?: string };
  refuseModel(body.authorization_model_id);
  const vault = await storeOf(ledger, request);
  const transaction = transactionOf(body, auditOf(request));
  const proof = wantsProof(request);
  return keys.once(request, reply, (patience) => written(ledger, vault, transaction, { proof, patience }));
}

async function written(
  ledger: Ledger,
  vault: VaultEntry,
  transaction: Transaction,
  options: { readonly proof: boolean; readonly patience: Patience },
): Promise<unknown> {
  const { outcome, anchor, inclusion } = await ledger.transact(vault, transaction, options);
  if (!outcome.ok) {
    const operation = transaction.operations[outcome.operation];
    const about =
      operation !== undefined && 'tuple' in operation ? describeTuple(operation.tuple) : `operation ${outcome.operation}`;
    throw fromRejection(outcome.code, about);
  }
  if (inclusion === undefined || !outcome.ok) return anchorJson(anchor);
  return { ...anchorJson(anchor), inclusion: writtenAnswer(vault, outcome.height, inclusion) };
}

async function read(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const body = request.body as ReadBodyShape;
  const vault = await storeOf(ledger, request);
  const filter = {
    resource: body.tuple_key?.object ?? '',
    relation: body.tuple_key?.relation ?? '',
    subject: body.tuple_key?.user ?? '',
  };
  const options = readOptionsOf(request);
  const question = [vault.id, filter, options.at];
  const result = await ledger.query(
    vault,
    {
      kind: 'list',
      ...filter,
      limit: body.page_size ?? READ_PAGE_DEFAULT,
      after: decodeToken(question, body.continuation_token),
    },
    { ...options, proof: false },
    'list',
  );
  return {
    tuples: result.rows.map(tupleJson),
    continuation_token: encodeToken(question, result.next),
    ...anchorJson(result.anchor),
  };
}

async function check(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const body = request.body as CheckBodyShape;
  refuseModel(body.authorization_model_id);
  if ((body.contextual_tuples?.tuple_keys.length ?? 0) > 0) {
    throw new HttpError(
      400,
      'validation_error',
      'Contextual tuples are not evaluated by this version; write the tuples instead.',
    );
  }
  const vault = await storeOf(ledger, request);
  const tuple = tupleKeyOf(body.tuple_key);
  const proof = wantsProof(request);
  const result = await ledger.query(vault, { kind: 'tuple', tuple }, { ...readOptionsOf(request), proof }, 'tuple');
  return checkAnswer(vault, tuple, result, proof);
}

function checkAnswer(
  vault: VaultEntry,
  tuple: TupleKey,
  result: Extract<ClientResult, { kind: 'tuple' }>,
  proof: boolean,
): unknown {
  if (result.row !== undefined && result.row.conditionName !== '') {
    const message = `The tuple carries the condition '${result.row.conditionName}', which this version does not evaluate.`;
    throw new HttpError(400, 'validation_error', message);
  }
  // Nothing beside what the verifier reads: whatever is changed in such an answer is found.
  if (proof) return provenAnswer(vault, tuple, result.present, result.anchor, result.proof);
  return { allowed: result.present, resolution: '', ...anchorJson(result.anchor) };
}

/** No store has an authorization model yet; answering by direct tuples for a named model would be an answer to another question. */
function refuseModel(id: string | undefined): void {
  if (id === undefined || id === '') return;
  throw new HttpError(400, 'authorization_model_not_found', `Authorization Model '${id}' not found.`);
}
