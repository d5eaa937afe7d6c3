/**
 * `POST /v1/stores/{id}/proofs`: several questions, one proof, of the newest block or of an older one (Vouch-At).
 * `POST /v1/stores/{id}/ics23`: one tuple or entity, in the form of ICS-23.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { VaultEntry } from '../../core/client/protocol.ts';
import { type Ics23Answer, ics23Answer } from '../../core/ics23/answer.ts';
import { Fields } from '../../core/proof/json-fields.ts';
import { isPointQuestion, type Question } from '../../core/proof/statement.ts';
import { readQuestion } from '../../core/proof/statement-json.ts';
import { type StatementsAnswer, statementsAnswer } from '../../core/proof/statements-answer.ts';
import { nativeHasher } from '../hasher.ts';
import type { Ledger } from '../ledger.ts';
import { HttpError } from './errors.ts';
import { type ReadOptions, readOptionsOf } from './read-options.ts';
import { storeOf } from './request.ts';

/** How many there may be, and what a name may be, admission says. */
export const ProofsBody: TSchema = Type.Object({ statements: Type.Array(Type.Object({}, { additionalProperties: true })) });

const Ics23Body: TSchema = Type.Object({}, { additionalProperties: true });

export function addProofRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/v1/stores/:store/proofs', { schema: { body: ProofsBody } }, async (request) => prove(ledger, request));
  app.post('/v1/stores/:store/ics23', { schema: { body: Ics23Body } }, async (request) => proveIcs23(ledger, request));
}

/** Answers a request whose body is ProofsBody. */
export async function prove(ledger: Ledger, request: FastifyRequest): Promise<StatementsAnswer> {
  const { statements } = request.body as { readonly statements: readonly unknown[] };
  const questions = statements.map((statement, index) => questionFrom(statement, `statements[${index}]`));
  return proven(ledger, await storeOf(ledger, request), questions, readOptionsOf(request));
}

/** The answer to questions, with the one proof that shows all of it. */
export async function proven(
  ledger: Ledger,
  vault: VaultEntry,
  questions: readonly Question[],
  options: ReadOptions,
): Promise<StatementsAnswer> {
  const { anchor, proof } = await ledger.query(vault, { kind: 'proof', questions }, { ...options, proof: true }, 'proof');
  const { organization, id: store } = vault;
  const made = statementsAnswer({ hasher: nativeHasher, organization, store, questions, anchor, proof });
  if (made.ok) return made.answer;
  throw new Error(`the proof of ${questions.length} questions does not hold (${made.stage}): ${made.reason}`);
}

async function proveIcs23(ledger: Ledger, request: FastifyRequest): Promise<Ics23Answer> {
  const question = questionFrom(request.body, 'body');
  if (!isPointQuestion(question))
    throw new HttpError(400, 'validation_error', 'ICS-23 knows single leaves: ask for one tuple or one entity.');
  const vault = await storeOf(ledger, request);
  const options = { ...readOptionsOf(request), proof: true };
  const { anchor, proof } = await ledger.query(vault, { kind: 'ics23', question }, options, 'ics23');
  const { organization, id: store } = vault;
  const made = ics23Answer({ hasher: nativeHasher, organization, store, question, anchor, proof });
  if (made.ok) return made.answer;
  throw new Error(`the ICS-23 proof does not hold: ${made.reason}`);
}

function questionFrom(value: unknown, name: string): Question {
  const read = readQuestion(new Fields(value, name), name);
  if (read.ok) return read.value;
  throw new HttpError(400, 'validation_error', `${read.reason}.`);
}
