/**
 * Verification of an answer to several questions, offline, with one proof for all of them: as answer.ts does for one check. The
 * questions are those of the statements, or the caller's own where given; what each statement says was found must be what the
 * proof shows, no more and no less.
 *
 *   { height, block_hash, state_root, tree_root, header, proof, bucket_hashes?, statements: [statement, …] }
 *
 * Statement: statement-json.ts. Unknown fields of the answer are ignored; inside a statement they are refused.
 */

import { type Parsed, refused, refusedAt } from '../bytes/parsed.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { portableHasher } from '../hasher.ts';
import { type About, foreignTo, otherThan, readAbout, type VaultExpectations } from './about.ts';
import {
  type AnchorExpectations,
  type Anchored,
  checkAnchor,
  checkHeader,
  type ProvenBlock,
  provenBlock,
  readAnchorClaim,
} from './anchor-claim.ts';
import type { AnswerStage } from './answer.ts';
import { type Finding, findingsOf } from './findings.ts';
import { Fields } from './json-fields.ts';
import type { Question } from './statement.ts';
import { CLAIM_OF, type FindingJson, findingJson, questionJson, readQuestion } from './statement-json.ts';

/** What the caller asked. */
export interface QuestionsExpectations extends VaultExpectations {
  /** In order. */
  readonly questions?: readonly Question[];
}

/** The caller's own knowledge. Every one given must hold. */
export interface StatementsExpectations extends AnchorExpectations, QuestionsExpectations {
  /** SHA-256; the portable one unless given. */
  readonly hasher?: Hasher;
}

/** Statements that a header's tree proves. */
export interface ProvenStatements extends ProvenBlock {
  readonly ok: true;
  readonly organization: string;
  readonly store: string;
  /** In the order of the answer. */
  readonly statements: readonly { readonly question: Question; readonly finding: Finding }[];
}

/** statement: index of the one at fault, where it is one. */
export interface StatementsRefusal {
  readonly ok: false;
  readonly stage: AnswerStage;
  readonly reason: string;
  readonly statement?: number;
}

export type StatementsVerdict = (ProvenStatements & { readonly anchored: Anchored }) | StatementsRefusal;

/** A statement, read but not believed. */
export interface StatementClaim extends About {
  readonly question: Question;
  /** What it says was found, as it stands there. */
  readonly claim: unknown;
}

/**
 * Checks an answer with statements.
 * @param answer parsed JSON, as in docs/reference/proof-format.md. Anything else is refused, never thrown on.
 */
export function verifyStatements(answer: unknown, expected: StatementsExpectations = {}): StatementsVerdict {
  const hasher = expected.hasher ?? portableHasher;
  const fields = new Fields(answer, 'answer');
  const shaped = fields.problem === undefined ? readAnchorClaim(fields) : { ok: false as const, reason: fields.problem };
  if (!shaped.ok) return refusedAt('shape', shaped.reason);
  const claim = shaped.value;
  const claims = readStatements(fields.any('statements'));
  if (!claims.ok) return claims;
  const header = checkHeader(hasher, claim);
  if (!header.ok) return refusedAt('header', header.reason);
  const mismatch = checkStatements(claims.value, header.value, expected);
  if (mismatch !== undefined) return mismatch;
  const anchor = checkAnchor(claim, expected);
  if (!anchor.ok) return refusedAt('anchor', anchor.reason);
  const { blockHash, proof } = claim;
  const proven = proveStatements(hasher, { header: header.value, blockHash, proof, claims: claims.value });
  return proven.ok ? { ...proven, anchored: anchor.value } : proven;
}

/** Statements about a header that was checked, and whose they are (checkStatements). */
export interface StatementsToProve {
  readonly header: Header;
  readonly blockHash: Uint8Array;
  readonly proof: Uint8Array;
  readonly claims: readonly StatementClaim[];
}

/** Whether the proof shows what the statements say, under the header's root. */
export function proveStatements(
  hasher: Hasher,
  { header, blockHash, proof, claims }: StatementsToProve,
): ProvenStatements | StatementsRefusal {
  const questions = claims.map(({ question }) => question);
  const found = findingsOf(hasher, header, questions, proof);
  if (!found.ok) {
    const { stage, reason, question } = found;
    return { ...refusedAt(stage, reason), ...(question === undefined ? {} : { statement: question }) };
  }
  const wrong = checkClaims(claims, found.findings);
  if (wrong !== undefined) return wrong;
  const { organization, store } = claims[0] as StatementClaim;
  const statements = found.findings.map((finding, index) => ({ question: questions[index] as Question, finding }));
  return { ok: true, ...provenBlock(header, blockHash), organization, store, statements };
}

/** Reads the list of statements; there is at least one. */
export function readStatements(
  value: unknown,
): { readonly ok: true; readonly value: readonly StatementClaim[] } | StatementsRefusal {
  if (!Array.isArray(value) || value.length === 0) {
    return refusedAt('shape', 'answer.statements is not a list of statements');
  }
  const claims: StatementClaim[] = [];
  for (const [statement, item] of value.entries()) {
    const read = readStatement(item, `statements[${statement}]`);
    if (!read.ok) return { ...refusedAt('shape', read.reason), statement };
    claims.push(read.value);
  }
  return { ok: true, value: claims };
}

function readStatement(value: unknown, name: string): Parsed<StatementClaim> {
  const fields = new Fields(value, name);
  if (fields.problem !== undefined) return refused(fields.problem);
  if (fields.any('v') !== 1) return refused(`${name}.v is not 1`);
  const question = readQuestion(fields, name);
  if (!question.ok) return question;
  const { kind } = question.value;
  fields.only(['v', 'org', 'store', 'height', kind, CLAIM_OF[kind]]);
  if (!fields.has(CLAIM_OF[kind])) return refused(`${name}.${CLAIM_OF[kind]} is not there`);
  const claim: StatementClaim = {
    ...readAbout(fields),
    question: question.value,
    claim: fields.any(CLAIM_OF[kind]),
  };
  return fields.problem === undefined ? { ok: true, value: claim } : refused(fields.problem);
}

/** Every statement is about the header's vault and height, and asks what the caller asked. */
export function checkStatements(
  claims: readonly StatementClaim[],
  header: Header,
  expected: QuestionsExpectations,
): StatementsRefusal | undefined {
  for (const [statement, claim] of claims.entries()) {
    const reason =
      foreignTo(header, claim) ?? otherThan(expected, claim) ?? otherQuestion(expected.questions?.[statement], claim);
    if (reason !== undefined) return { ...refusedAt('statement', `statements[${statement}]: ${reason}`), statement };
  }
  const { questions } = expected;
  if (questions === undefined || questions.length === claims.length) return undefined;
  return refusedAt('statement', `${claims.length} statements, ${questions.length} asked for`);
}

function otherQuestion(asked: Question | undefined, { question }: StatementClaim): string | undefined {
  const isAsked = asked === undefined || isSameJson(questionJson(asked), questionJson(question));
  return isAsked ? undefined : 'another question than expected';
}

/** What each statement says was found is what the proof shows. */
function checkClaims(claims: readonly StatementClaim[], findings: readonly Finding[]): StatementsRefusal | undefined {
  const known = new Map<Finding, FindingJson>();
  for (const [statement, { question, claim }] of claims.entries()) {
    const name = CLAIM_OF[question.kind];
    const finding = findings[statement] as Finding;
    const json = known.get(finding) ?? findingJson(finding);
    known.set(finding, json);
    const shown = json[name];
    if (isSameJson(claim, shown)) continue;
    const reason = `statements[${statement}].${name} is not what the proof shows${countsOf(claim, shown)}`;
    return { ...refusedAt('verdict', reason), statement };
  }
  return undefined;
}

function countsOf(claim: unknown, shown: unknown): string {
  if (!Array.isArray(claim) || !Array.isArray(shown) || claim.length === shown.length) return '';
  return `: it names ${claim.length} tuples, and there are ${shown.length}`;
}

/** Whether two values of parsed JSON are the same, whatever the order of fields. `shown` is ours, and not deep. */
function isSameJson(given: unknown, shown: unknown): boolean {
  if (typeof shown !== 'object' || shown === null) return given === shown;
  if (typeof given !== 'object' || given === null || Array.isArray(given) !== Array.isArray(shown)) return false;
  if (Array.isArray(given) && Array.isArray(shown) && given.length !== shown.length) return false;
  const [ours, theirs] = [Object.keys(shown), Object.keys(given)];
  const fieldOf = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name];
  return (
    ours.length === theirs.length &&
    ours.every((name) => Object.hasOwn(given, name) && isSameJson(fieldOf(given, name), fieldOf(shown, name)))
  );
}
