/** `POST /v1/stores/{id}/transactions`: tuples and entities changed together, in order, all or nothing. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { ChainAnswer } from '../../core/chain/chain-answer.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import type { Operation, Transaction } from '../../core/state/transaction.ts';
import type { Ledger, Patience } from '../ledger.ts';
import { type AnchorJson, anchorJson } from './answer.ts';
import { fromUnmet } from './errors.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { writtenAnswer } from './log-routes.ts';
import { operationFrom } from './operations.ts';
import { auditOf, storeOf, wantsProof } from './request.ts';
import { describeTuple } from './translate.ts';

/** How many there may be, and what each may hold, admission says. */
const TransactionBody: TSchema = Type.Object({
  operations: Type.Array(Type.Object({}, { additionalProperties: true })),
  authorization_model_id: Type.Optional(Type.String()),
});

/** A transaction that was applied. height and hashes are of the store's newest block, as in every answer. */
export interface TransactedJson extends AnchorJson {
  /** Height of the block it stands in: the version of everything that it wrote. Where nothing changed, the newest. */
  readonly version: number;
  /** False where everything was there already and on_duplicate or on_missing said to ignore that. */
  readonly changed: boolean;
  /** Of the authorization model that it wrote, if it wrote one. */
  readonly authorization_model_id?: string;
  readonly inclusion?: ChainAnswer;
}

export function addTransactionRoutes(app: FastifyInstance, ledger: Ledger, keys: IdempotencyKeys): void {
  app.post('/v1/stores/:store/transactions', { schema: { body: TransactionBody } }, async (request, reply) =>
    post(ledger, keys, request, reply),
  );
}

async function post(
  ledger: Ledger,
  keys: IdempotencyKeys,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<TransactedJson> {
  const { operations, authorization_model_id: model = '' } = request.body as {
    readonly operations: readonly unknown[];
    readonly authorization_model_id?: string;
  };
  const read = operations.map((value, index) => operationFrom(value, `operations[${index}]`));
  const vault = await storeOf(ledger, request);
  return keys.once(request, reply, (patience) => transacted(ledger, { vault, request, operations: read, model, patience }));
}

export interface Transacting {
  readonly vault: VaultEntry;
  readonly request: FastifyRequest;
  readonly operations: readonly Operation[];
  /** Id of the authorization model that its tuples must fit; empty: the newest, if there is one; undefined: it writes none. */
  readonly model: string | undefined;
  readonly patience: Patience;
}

/** Applies operations as the request's headers say: actor, reason, and whether the place in the chain is to come along. */
export async function transacted(ledger: Ledger, given: Transacting): Promise<TransactedJson> {
  const { vault, request, operations, model, patience } = given;
  const transaction: Transaction = { ...auditOf(request), operations };
  const proof = wantsProof(request);
  const { outcome, anchor, inclusion } = await ledger.transact(vault, transaction, { proof, model, patience });
  if (!outcome.ok) {
    const { code, operation } = outcome;
    throw fromUnmet(code, operation, describe(operations[operation]));
  }
  const { height, changed, model: written } = outcome;
  const id = written === '' ? {} : { authorization_model_id: written };
  const answer = { ...id, ...anchorJson(anchor), version: height, changed };
  return inclusion === undefined ? answer : { ...answer, inclusion: writtenAnswer(vault, height, inclusion) };
}

function describe(operation: Operation | undefined): string {
  if (operation === undefined) return 'an operation that was not sent';
  if ('tuple' in operation) return describeTuple(operation.tuple);
  return 'key' in operation ? `entity ${JSON.stringify(operation.key)}` : operation.op;
}
