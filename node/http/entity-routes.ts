/**
 * `/v1/stores/{id}/entities/{key}`: values by key, with preconditions and expiry. Values travel as base64 in JSON, as all bytes of this API
 * do. The key is the rest of the path, slashes included, percent-encoded where it must be.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { toBase64 } from '../../core/bytes/base64.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { Question } from '../../core/proof/statement.ts';
import type { EntityCondition } from '../../core/state/transaction.ts';
import type { Ledger } from '../ledger.ts';
import { type AnchorJson, anchorJson } from './answer.ts';
import { HttpError } from './errors.ts';
import { expiryText } from './expiry.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { operationFrom } from './operations.ts';
import { proven } from './proof-routes.ts';
import { readOptionsOf } from './read-options.ts';
import { headerOf, storeOf, wantsProof } from './request.ts';
import { type TransactedJson, transacted } from './transaction-routes.ts';

const PATH = '/v1/stores/:store/entities/*';
/** value and the like are read with the names that a transaction's operations have. */
const EntityBody: TSchema = Type.Object({}, { additionalProperties: true });
const OptionalBody: TSchema = Type.Union([Type.Null(), EntityBody]);
/** A HEAD of a value is a GET without what it is about. */
const NO_HEAD = { exposeHeadRoute: false };

export interface EntityJson extends AnchorJson {
  readonly key: string;
  /** base64 */
  readonly value: string;
  /** Height of the block that wrote it. */
  readonly version: number;
  readonly expires_at?: string;
}

export function addEntityRoutes(app: FastifyInstance, ledger: Ledger, keys: IdempotencyKeys): void {
  app.get(PATH, NO_HEAD, async (request, reply) => read(ledger, request, reply));
  app.put(PATH, { schema: { body: EntityBody } }, async (request, reply) => put(ledger, keys, request, reply));
  app.delete(PATH, { schema: { body: OptionalBody } }, async (request, reply) => remove(ledger, keys, request, reply));
}

function keyOf(request: FastifyRequest): string {
  return (request.params as { readonly '*': string })['*'];
}

/** What is there; with Vouch-Proof what is provably there or not, for `vouch verify`. */
async function read(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const vault = await storeOf(ledger, request);
  const key = keyOf(request);
  const options = readOptionsOf(request);
  if (wantsProof(request)) return proven(ledger, vault, [{ kind: 'entity', key } satisfies Question], options);
  const { value, version, expiresAt, anchor } = await ledger.query(
    vault,
    { kind: 'entity', key },
    { ...options, proof: false },
    'entity',
  );
  if (value === undefined) throw missing(key, anchorJson(anchor));
  reply.header('etag', `"${version}"`);
  const expires = expiryText(expiresAt);
  const found: EntityJson = { key, value: toBase64(value), version, ...anchorJson(anchor) };
  return expires === undefined ? found : { ...found, expires_at: expires };
}

function missing(key: string, anchor: AnchorJson): HttpError {
  const message = `There is no entity ${JSON.stringify(key)} at height ${anchor.height}, or it has expired.`;
  return new HttpError(404, 'entity_not_found', message, 0, undefined, { ...anchor });
}

async function put(ledger: Ledger, keys: IdempotencyKeys, request: FastifyRequest, reply: FastifyReply): Promise<TransactedJson> {
  const body = request.body as Readonly<Record<string, unknown>>;
  const operation = operationFrom({ ...body, op: 'set_entity', key: keyOf(request) }, 'body');
  const vault = await storeOf(ledger, request);
  return change(ledger, keys, { vault, request, reply, operation });
}

async function remove(
  ledger: Ledger,
  keys: IdempotencyKeys,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<TransactedJson> {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const operation = operationFrom({ ...body, op: 'delete_entity', key: keyOf(request) }, 'body');
  const vault = await storeOf(ledger, request);
  return change(ledger, keys, { vault, request, reply, operation });
}

interface Change {
  readonly vault: VaultEntry;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly operation: ReturnType<typeof operationFrom>;
}

async function change(
  ledger: Ledger,
  keys: IdempotencyKeys,
  { vault, request, reply, operation }: Change,
): Promise<TransactedJson> {
  if (operation.op !== 'setEntity' && operation.op !== 'deleteEntity') throw new Error('an entity is set or deleted');
  const header = headerPrecondition(request);
  if (header !== undefined && operation.condition !== undefined) {
    throw new HttpError(
      400,
      'validation_error',
      'Give the precondition in the body or in If-Match or If-None-Match, not in both.',
    );
  }
  const condition = header ?? operation.condition;
  return keys.once(request, reply, async (patience) => {
    const answer = await transacted(ledger, { vault, request, operations: [{ ...operation, condition }], model: '', patience });
    if (operation.op === 'setEntity') reply.header('etag', `"${answer.version}"`);
    return answer;
  });
}

/** `If-None-Match: *`, `If-Match: *`, and `If-Match: "7"` with the version of an ETag. */
function headerPrecondition(request: FastifyRequest): EntityCondition | undefined {
  const match = headerOf(request, 'if-match');
  const noneMatch = headerOf(request, 'if-none-match');
  if (match !== undefined && noneMatch !== undefined) throw refusal('If-Match and If-None-Match cannot both hold here.');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return { kind: 'mustNotExist' };
    throw refusal(`If-None-Match is * here: nothing may be there. Not ${JSON.stringify(noneMatch)}.`);
  }
  if (match === undefined) return undefined;
  if (match.trim() === '*') return { kind: 'mustExist' };
  const version = /^\s*"([0-9]{1,15})"\s*$/.exec(match)?.[1];
  if (version !== undefined) return { kind: 'versionEquals', version: Number(version) as Height };
  throw refusal(`If-Match is * or one version in quotes, as in ETag, not ${JSON.stringify(match)}.`);
}

function refusal(message: string): HttpError {
  return new HttpError(400, 'validation_error', message);
}
