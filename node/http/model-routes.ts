/** `/stores/{id}/authorization-models` and `assertions`: what a store's tuples mean, and what whoever wrote the model expects of it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkProblem } from '../../core/authz/admit.ts';
import { celConditions } from '../../core/authz/cel.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { fromUtf8, toUtf8 } from '../../core/bytes/text.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import { parseModel } from '../../core/model/parse.ts';
import type { Ledger } from '../ledger.ts';
import { anchorJson } from './answer.ts';
import { type CheckBodyShape, checkQuestion } from './check-routes.ts';
import { fromAuthzError, HttpError } from './errors.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { proven } from './proof-routes.ts';
import { modelIdOf } from './question.ts';
import { readOptionsOf } from './read-options.ts';
import { storeOf, wantsProof } from './request.ts';
import { AssertionsBody, PageQuery, WriteModelBody } from './schemas.ts';
import { transacted } from './transaction-routes.ts';
import { decodeToken, encodeToken } from './translate.ts';

const PATH = '/stores/:store/authorization-models';
const ASSERTIONS = '/stores/:store/assertions/:model';
/** Source: OpenFGA. Each model of a page is read by itself. */
const MODELS_PAGE = 50;

type ModelJson = Readonly<Record<string, unknown>>;

export function addModelRoutes(app: FastifyInstance, ledger: Ledger, keys: IdempotencyKeys): void {
  app.post(PATH, { schema: { body: WriteModelBody } }, async (request, reply) => write(ledger, keys, request, reply));
  app.get(PATH, { schema: { querystring: PageQuery } }, async (request) => list(ledger, request));
  app.get(`${PATH}/:model`, async (request) => read(ledger, request));
  app.put(ASSERTIONS, { schema: { body: AssertionsBody } }, async (request, reply) => writeAssertions(ledger, request, reply));
  app.get(ASSERTIONS, async (request) => readAssertions(ledger, request));
}

async function write(ledger: Ledger, keys: IdempotencyKeys, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { schema_version, type_definitions, conditions } = request.body as ModelJson;
  const text = canonicalJson({ schema_version, type_definitions, ...(conditions === undefined ? {} : { conditions }) });
  if (!text.ok) throw new HttpError(400, 'validation_error', `The model has no canonical form (${text.reason}).`);
  const vault = await storeOf(ledger, request);
  const operations = [{ op: 'writeModel', model: text.text }] as const;
  reply.code(201);
  return keys.once(request, reply, (patience) => transacted(ledger, { vault, request, operations, model: undefined, patience }));
}

async function read(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const id = idOf(request);
  const vault = await storeOf(ledger, request);
  const options = readOptionsOf(request);
  if (wantsProof(request)) return proven(ledger, vault, [{ kind: 'model', id }], options);
  const { model, anchor } = await ledger.query(vault, { kind: 'model', id }, { ...options, proof: false }, 'model');
  if (model === undefined) throw missing(id);
  return { authorization_model: { id, ...(JSON.parse(model) as ModelJson) }, ...anchorJson(anchor) };
}

function idOf(request: FastifyRequest): string {
  return modelIdOf((request.params as { readonly model: string }).model);
}

function missing(id: string): HttpError {
  return new HttpError(400, 'authorization_model_not_found', `Authorization Model '${id}' not found.`);
}

/** The newest first. */
async function list(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const query = request.query as { readonly page_size?: string; readonly continuation_token?: string };
  const limit = Number(query.page_size ?? MODELS_PAGE);
  if (limit < 1 || limit > MODELS_PAGE) throw new HttpError(400, 'validation_error', `page_size is 1 to ${MODELS_PAGE}.`);
  const vault = await storeOf(ledger, request);
  const options = { ...readOptionsOf(request), proof: false };
  const question = [vault.id, 'models', options.at];
  const after = fromUtf8(decodeToken(question, query.continuation_token)) ?? '';
  const page = await ledger.query(vault, { kind: 'models', limit, after }, options, 'models');
  const models = await Promise.all(
    page.models.map(async ({ id }) => {
      const { model = '{}' } = await ledger.query(vault, { kind: 'model', id }, options, 'model');
      return { id, ...(JSON.parse(model) as ModelJson) };
    }),
  );
  const next = toUtf8(page.next) ?? new Uint8Array(0);
  return { authorization_models: models, continuation_token: encodeToken(question, next), ...anchorJson(page.anchor) };
}

interface AssertionJson extends Pick<CheckBodyShape, 'tuple_key' | 'context'> {
  readonly expectation: boolean;
  readonly contextual_tuples?: readonly CheckBodyShape['tuple_key'][];
}

function assertionsKey(model: string): string {
  return `openfga/assertions/${model}`;
}

/** Replaces the assertions of a model. They are kept as an entity of the store. */
async function writeAssertions(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const model = idOf(request);
  const { assertions } = request.body as { readonly assertions: readonly AssertionJson[] };
  const vault = await storeOf(ledger, request);
  await refuseAssertions(ledger, vault, model, assertions, request);
  const text = canonicalJson({ assertions });
  const value = text.ok ? toUtf8(text.text) : undefined;
  if (value === undefined) throw new HttpError(400, 'validation_error', 'The assertions have no canonical form.');
  const operation = { op: 'setEntity', key: assertionsKey(model), value, expiresAt: 0, condition: undefined } as const;
  await transacted(ledger, { vault, request, operations: [operation], model: undefined, patience: {} });
  return reply.code(204).send();
}

/** Each must be a check that the model lets be asked. */
async function refuseAssertions(
  ledger: Ledger,
  vault: VaultEntry,
  id: string,
  assertions: readonly AssertionJson[],
  request: FastifyRequest,
): Promise<void> {
  const options = { ...readOptionsOf(request), proof: false };
  const { model: text } = await ledger.query(vault, { kind: 'model', id }, options, 'model');
  if (text === undefined) throw missing(id);
  const model = parseModel(JSON.parse(text));
  if (!model.ok) throw new Error(`the stored model ${id} does not read: ${model.reason}`);
  for (const assertion of assertions) {
    const problem = checkProblem(model.value, celConditions, checkQuestion(assertion));
    if (problem !== undefined) throw fromAuthzError(problem);
  }
}

async function readAssertions(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const id = idOf(request);
  const vault = await storeOf(ledger, request);
  const options = { ...readOptionsOf(request), proof: false };
  const { value, anchor } = await ledger.query(vault, { kind: 'entity', key: assertionsKey(id) }, options, 'entity');
  const text = value === undefined ? undefined : fromUtf8(value);
  const kept = text === undefined ? [] : (JSON.parse(text) as { readonly assertions: readonly AssertionJson[] }).assertions;
  return { authorization_model_id: id, assertions: kept, ...anchorJson(anchor) };
}
