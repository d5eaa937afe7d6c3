/** `/stores/{id}/write` and `read` in the OpenFGA shapes, with Vouch's extras in headers and extra fields. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { VaultEntry } from '../../core/client/protocol.ts';
import type { Transaction } from '../../core/state/transaction.ts';
import type { Ledger, Patience } from '../ledger.ts';
import { anchorJson, tupleJson } from './answer.ts';
import { fromRejection } from './errors.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { writtenAnswer } from './log-routes.ts';
import { modelIdOf } from './question.ts';
import { readOptionsOf } from './read-options.ts';
import { auditOf, storeOf, wantsProof } from './request.ts';
import { ReadBody, WriteBody } from './schemas.ts';
import { decodeToken, describeTuple, encodeToken, transactionOf, type WriteBodyShape } from './translate.ts';

const READ_PAGE_DEFAULT = 50;

interface ReadBodyShape {
  readonly tuple_key?: { readonly user?: string; readonly relation?: string; readonly object?: string };
  readonly page_size?: number;
  readonly continuation_token?: string;
}

export function addTupleRoutes(app: FastifyInstance, ledger: Ledger, keys: IdempotencyKeys): void {
  app.post('/stores/:store/write', { schema: { body: WriteBody } }, async (request, reply) =>
    write(ledger, keys, request, reply),
  );
  app.post('/stores/:store/read', { schema: { body: ReadBody } }, async (request) => read(ledger, request));
}

async function write(ledger: Ledger, keys: IdempotencyKeys, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const body = request.body as WriteBodyShape & { readonly authorization_model_id?: string };
  const model = modelIdOf(body.authorization_model_id);
  const vault = await storeOf(ledger, request);
  const transaction = transactionOf(body, auditOf(request));
  const proof = wantsProof(request);
  return keys.once(request, reply, (patience) => written(ledger, vault, transaction, { proof, model, patience }));
}

async function written(
  ledger: Ledger,
  vault: VaultEntry,
  transaction: Transaction,
  options: { readonly proof: boolean; readonly model: string; readonly patience: Patience },
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
