/**
 * Verification of an answer to several questions, offline, with one proof for all of them: as answer.ts does for one check. The
 * questions are those of the statements, or the caller's own where given; what each statement says was found must be what the
 * proof shows, no more and no less.
 *
 *   { height, block_hash, state_root, tree_root, header, proof, bucket_hashes?, statements: [statement, …] }
 *
 * Statement: statement-json.ts. Unknown fields of the answer are ignored; inside a statement they are refused.
 */
import { equalBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { portableHasher } from '../hasher.ts';
import {
  type AnchorClaim,
  type AnchorExpectations,
  type Anchored,
  checkAnchor,
  checkHeader,
  readAnchorClaim,
} from './anchor-claim.ts';
import type { AnswerStage } from './answer.ts';
import { type Finding, findingsOf } from './findings.ts';
import { Fields, type Shaped } from './json-fields.ts';
import type { Question } from './statement.ts';
import { CLAIM_OF, findingJson, questionJson, readQuestion } from './statement-json.ts';

/** The caller's own knowledge. Every one given must hold. */
export interface StatementsExpectations extends AnchorExpectations {
  /** The questions that were asked, in order. */
  readonly questions?: readonly Question[];
  /** ULIDs of the organization and the store that were asked. */
  readonly organization?: string;
  readonly store?: string;
  /** SHA-256; the portable one unless given. */
  readonly hasher?: Hasher;
}

export type StatementsVerdict =
  | {
      readonly ok: true;
      readonly height: number;
      /** Block time, microseconds since 1970. */
      readonly time: U64;
      readonly organization: string;
      readonly store: string;
      /** Lower-case hex. */
      readonly blockHash: string;
      readonly stateRoot: string;
      readonly treeRoot: string;
      readonly anchored: Anchored;
      /** In the order of the answer. */
      readonly statements: readonly { readonly question: Question; readonly finding: Finding }[];
    }
  /** statement: index of the one at fault, where it is one. */
  | { readonly ok: false; readonly stage: AnswerStage; readonly reason: string; readonly statement?: number };

type Refusal = Extract<StatementsVerdict, { readonly ok: false }>;

/** A statement, read but not believed. */
interface StatementClaim {
  readonly organization: string;
  readonly store: string;
  readonly organizationBytes: Uint8Array;
  readonly storeBytes: Uint8Array;
  readonly height: number;
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
  if (!shaped.ok) return { ok: false, stage: 'shape', reason: shaped.reason };
  const claim: AnchorClaim = shaped.value;
  const claims = readStatements(fields.any('statements'));
  if (!Array.isArray(claims)) return claims as Refusal;

  const header = checkHeader(hasher, claim);
  if (!header.ok) return { ok: false, stage: 'header', reason: header.reason };
  const mismatch = checkStatements(claims, header.value, expected);
  if (mismatch !== undefined) return mismatch;
  const anchor = checkAnchor(claim, expected);
  if (!anchor.ok) return { ok: false, stage: 'anchor', reason: anchor.reason };

  const questions = claims.map(({ question }) => question);
  const found = findingsOf(hasher, header.value, questions, claim.proof);
  if (!found.ok) {
    const { stage, reason, question } = found;
    return { ok: false, stage, reason, ...(question === undefined ? {} : { statement: question }) };
  }
  const wrong = checkClaims(claims, found.findings);
  if (wrong !== undefined) return wrong;
  const [first] = claims;
  return {
    ok: true,
    height: claim.height,
    time: header.value.time,
    organization: (first as StatementClaim).organization,
    store: (first as StatementClaim).store,
    blockHash: toHex(claim.blockHash),
    stateRoot: toHex(claim.stateRoot),
    treeRoot: toHex(claim.treeRoot),
    anchored: anchor.value,
    statements: found.findings.map((finding, index) => ({ question: questions[index] as Question, finding })),
  };
}

function readStatements(value: unknown): StatementClaim[] | Refusal {
  if (!Array.isArray(value) || value.length === 0) {
    return { ok: false, stage: 'shape', reason: 'answer.statements is not a list of statements' };
  }
  const claims: StatementClaim[] = [];
  for (const [statement, item] of value.entries()) {
    const read = readStatement(item, `statements[${statement}]`);
    if (!read.ok) return { ok: false, stage: 'shape', reason: read.reason, statement };
    claims.push(read.value);
  }
  return claims;
}

function readStatement(value: unknown, name: string): Shaped<StatementClaim> {
  const fields = new Fields(value, name);
  if (fields.problem !== undefined) return { ok: false, reason: fields.problem };
  if (fields.any('v') !== 1) return { ok: false, reason: `${name}.v is not 1` };
  const question = readQuestion(fields, name);
  if (!question.ok) return question;
  const { kind } = question.value;
  fields.only(['v', 'org', 'store', 'height', kind, CLAIM_OF[kind]]);
  if (!fields.has(CLAIM_OF[kind])) return { ok: false, reason: `${name}.${CLAIM_OF[kind]} is not there` };
  const claim: StatementClaim = {
    organization: fields.text('org'),
    store: fields.text('store'),
    organizationBytes: fields.ulid('org'),
    storeBytes: fields.ulid('store'),
    height: fields.height('height'),
    question: question.value,
    claim: fields.any(CLAIM_OF[kind]),
  };
  return fields.problem === undefined ? { ok: true, value: claim } : { ok: false, reason: fields.problem };
}

/** Every statement is about the header's vault and height, and asks what the caller asked. */
function checkStatements(
  claims: readonly StatementClaim[],
  header: Header,
  expected: StatementsExpectations,
): Refusal | undefined {
  for (const [statement, claim] of claims.entries()) {
    const reason = mismatchOf(claim, header, expected, statement);
    if (reason !== undefined) return { ok: false, stage: 'statement', reason: `statements[${statement}]: ${reason}`, statement };
  }
  if (expected.questions === undefined || expected.questions.length === claims.length) return undefined;
  const reason = `${claims.length} statements answer ${expected.questions.length} questions`;
  return { ok: false, stage: 'statement', reason };
}

function mismatchOf(
  claim: StatementClaim,
  header: Header,
  expected: StatementsExpectations,
  statement: number,
): string | undefined {
  if (!equalBytes(claim.organizationBytes, header.organization)) return 'org is not that of the header';
  if (!equalBytes(claim.storeBytes, header.vault)) return 'store is not that of the header';
  if (claim.height !== header.height) return 'height is not that of the header';
  if (expected.organization !== undefined && expected.organization !== claim.organization) {
    return 'another organization than expected';
  }
  if (expected.store !== undefined && expected.store !== claim.store) return 'another store than expected';
  const asked = expected.questions?.[statement];
  if (asked === undefined || isSameJson(questionJson(asked), questionJson(claim.question))) return undefined;
  return 'another question than expected';
}

/** What each statement says was found is what the proof shows. */
function checkClaims(claims: readonly StatementClaim[], findings: readonly Finding[]): Refusal | undefined {
  for (const [statement, { question, claim }] of claims.entries()) {
    const name = CLAIM_OF[question.kind];
    const shown = findingJson(findings[statement] as Finding)[name];
    if (isSameJson(claim, shown)) continue;
    const reason = `statements[${statement}].${name} is not what the proof shows${countsOf(claim, shown)}`;
    return { ok: false, stage: 'verdict', reason, statement };
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
  const [ours, theirs] = [Object.keys(shown), Object.keys(given)];
  const fieldOf = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name];
  return (
    ours.length === theirs.length &&
    ours.every((name) => Object.hasOwn(given, name) && isSameJson(fieldOf(given, name), fieldOf(shown, name)))
  );
}
