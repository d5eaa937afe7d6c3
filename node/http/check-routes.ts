/** `/stores/{id}/check` and `batch-check`: one verdict or up to fifty, each judged by the same block, and with a proof where asked for. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuthzError } from '../../core/authz/reading.ts';
import { checksAnswer } from '../../core/certificate/authz-answer.ts';
import type { CheckQuestion } from '../../core/client/authz-protocol.ts';
import { CHECKS_MAX } from '../../core/limits.ts';
import type { Ledger } from '../ledger.ts';
import { anchorJson, provenAnswer } from './answer.ts';
import { fromAuthzError, HttpError, type HttpErrorCode } from './errors.ts';
import { modelIdOf, ownOf, type QuestionBody } from './question.ts';
import { readOptionsOf } from './read-options.ts';
import { storeOf, wantsProof } from './request.ts';
import { BatchCheckBody, CheckBody } from './schemas.ts';
import { type TupleKeyBody, tupleKeyOf } from './translate.ts';

export interface CheckBodyShape extends QuestionBody {
  readonly tuple_key: TupleKeyBody;
}

interface BatchBody {
  readonly authorization_model_id?: string;
  readonly checks: readonly (CheckBodyShape & { readonly correlation_id: string })[];
}

export function addCheckRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/stores/:store/check', { schema: { body: CheckBody } }, async (request) => check(ledger, request));
  app.post('/stores/:store/batch-check', { schema: { body: BatchCheckBody } }, async (request) => batch(ledger, request));
}

export function checkQuestion(body: CheckBodyShape): CheckQuestion {
  return { tuple: tupleKeyOf(body.tuple_key), ...ownOf(body) };
}

async function check(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const body = request.body as CheckBodyShape;
  const question = checkQuestion(body);
  const model = modelIdOf(body.authorization_model_id);
  const vault = await storeOf(ledger, request);
  const proof = wantsProof(request);
  const query = { kind: 'check', model, checks: [question] } as const;
  const found = await ledger.query(vault, query, { ...readOptionsOf(request), proof }, 'check');
  const [verdict] = found.verdicts;
  if (verdict === undefined) throw new Error('a check was not answered');
  if (!verdict.ok) throw fromAuthzError(verdict.error);
  const { allowed } = verdict;
  if (!proof) return { allowed, resolution: '', ...anchorJson(found.anchor) };
  // Nothing beside what the verifier reads: whatever is changed in such an answer is found.
  if (found.model === '') return provenAnswer(vault, question.tuple, allowed, found.anchor, found.proof);
  return checksAnswer({ organization: vault.organization, store: vault.id }, query, found);
}

async function batch(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const { checks, authorization_model_id: id } = request.body as BatchBody;
  refuseChecks(checks);
  const questions = checks.map(checkQuestion);
  const model = modelIdOf(id);
  const vault = await storeOf(ledger, request);
  const proof = wantsProof(request);
  const options = { ...readOptionsOf(request), proof };
  const query = { kind: 'check', model, checks: questions } as const;
  const found = await ledger.query(vault, query, options, 'check');
  const result = Object.fromEntries(
    checks.map(({ correlation_id: name }, index) => {
      const verdict = found.verdicts[index];
      if (verdict === undefined) throw new Error('a check was not answered');
      return [name, verdict.ok ? { allowed: verdict.allowed } : { error: errorJson(verdict.error) }];
    }),
  );
  if (!proof) return { result, ...anchorJson(found.anchor) };
  if (found.model === '') {
    const message = 'A proof of a batch shows what a model says, and this store has none: ask for proofs of its tuples.';
    throw new HttpError(400, 'proof_unavailable', message);
  }
  const proven = checksAnswer({ organization: vault.organization, store: vault.id }, query, found);
  return { result, ...(proven ?? anchorJson(found.anchor)) };
}

function refuseChecks(checks: BatchBody['checks']): void {
  if (checks.length === 0) throw refusal('batch check requires at least one check to evaluate, no checks were received');
  if (checks.length > CHECKS_MAX) {
    throw refusal(`batchCheck received ${checks.length} checks, the maximum allowed is ${CHECKS_MAX}`);
  }
  const names = new Set<string>();
  for (const { correlation_id: name } of checks) {
    if (!/^[\w-]{1,36}$/.test(name)) throw refusal('a correlation_id has 1 to 36 letters, digits, dashes and underscores');
    if (names.has(name)) throw refusal(`received duplicate correlation id: ${name}`);
    names.add(name);
  }
}

function refusal(message: string): HttpError {
  return new HttpError(400, 'validation_error', message);
}

/** An error of one check of many, as OpenFGA tells it. */
function errorJson(error: AuthzError): { readonly input_error: HttpErrorCode; readonly message: string } {
  const { code, message } = fromAuthzError(error);
  return { input_error: code, message };
}
