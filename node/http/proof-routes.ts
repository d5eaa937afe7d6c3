/** `POST /v1/stores/{id}/proofs`: several questions, one proof, of the newest block or of an older one (Vouch-At). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { Fields } from '../../core/proof/json-fields.ts';
import type { Question } from '../../core/proof/statement.ts';
import { readQuestion } from '../../core/proof/statement-json.ts';
import { type StatementsAnswer, statementsAnswer } from '../../core/proof/statements-answer.ts';
import { nativeHasher } from '../hasher.ts';
import type { Ledger } from '../ledger.ts';
import { HttpError } from './errors.ts';
import { readOptionsOf } from './read-options.ts';
import { storeOf } from './request.ts';

/** How many there may be, and what a name may be, admission says. */
export const ProofsBody: TSchema = Type.Object({ statements: Type.Array(Type.Object({}, { additionalProperties: true })) });

export function addProofRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/v1/stores/:store/proofs', { schema: { body: ProofsBody } }, async (request) => prove(ledger, request));
}

/** Answers a request whose body is ProofsBody. */
export async function prove(ledger: Ledger, request: FastifyRequest): Promise<StatementsAnswer> {
  const { statements } = request.body as { readonly statements: readonly unknown[] };
  const questions = statements.map(questionFrom);
  const vault = await storeOf(ledger, request);
  const options = { ...readOptionsOf(request), proof: true };
  const { anchor, proof } = await ledger.query(vault, { kind: 'proof', questions }, options, 'proof');
  const { organization, id: store } = vault;
  const made = statementsAnswer({ hasher: nativeHasher, organization, store, questions, anchor, proof });
  if (made.ok) return made.answer;
  throw new Error(`the proof of ${questions.length} questions does not hold (${made.stage}): ${made.reason}`);
}

function questionFrom(value: unknown, index: number): Question {
  const name = `statements[${index}]`;
  const read = readQuestion(new Fields(value, name), name);
  if (read.ok) return read.value;
  throw new HttpError(400, 'validation_error', `${read.reason}.`);
}
