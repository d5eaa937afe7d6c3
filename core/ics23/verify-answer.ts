/**
 * Whether an ICS-23 export in its JSON form holds: its header, its question, and its proof under the header's tree_root. Whoever has a
 * verifier of ICS-23 needs this for the header only.
 */
import { canonicalJson } from '../bytes/canonical-json.ts';
import type { Parsed } from '../bytes/parsed.ts';
import { toHex } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import type { Height } from '../ids.ts';
import { type AnchorClaim, type AnchorExpectations, type Anchored, checkAnchor, checkHeader } from '../proof/anchor-claim.ts';
import { Fields } from '../proof/json-fields.ts';
import { isPointQuestion, type PointQuestion } from '../proof/statement.ts';
import { questionJson, readQuestion } from '../proof/statement-json.ts';
import { ics23Answer } from './answer.ts';
import type { CommitmentProof, ExistenceProof, InnerOp } from './proof.ts';

export type Ics23Stage = 'shape' | 'header' | 'statement' | 'anchor' | 'ics23';

export type Ics23AnswerVerdict =
  | {
      readonly ok: true;
      readonly question: PointQuestion;
      readonly height: number;
      readonly blockHash: string;
      /** The leaf's canonical value, live or expired; undefined where there is none. */
      readonly value: Uint8Array | undefined;
      readonly anchored: Anchored;
    }
  | { readonly ok: false; readonly stage: Ics23Stage; readonly reason: string };

export interface Ics23Expectations extends AnchorExpectations {
  readonly hasher: Hasher;
  /** What the caller asked; without it the answer says what it answers. */
  readonly question?: PointQuestion;
}

/** Whether a parsed JSON value is meant to be one. */
export function isIcs23Answer(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'ics23');
}

/** @param answer parsed JSON, of which nothing is believed */
export function verifyIcs23Answer(answer: unknown, expected: Ics23Expectations): Ics23AnswerVerdict {
  const { hasher } = expected;
  const read = readAnswer(answer);
  if (!read.ok) return { ...read, stage: 'shape' };
  const { claim, proof, organization, store, question } = read.value;
  const header = checkHeader(hasher, claim);
  if (!header.ok) return { ...header, stage: 'header' };
  const asked = questionJson(expected.question ?? question);
  if (!isSameJson(asked, questionJson(question))) return { ok: false, stage: 'statement', reason: 'another question than asked' };
  const anchored = checkAnchor(claim, expected);
  if (!anchored.ok) return { ...anchored, stage: 'anchor' };
  const height = claim.height as Height;
  const made = ics23Answer({ hasher, organization, store, question, anchor: { ...claim, height }, proof });
  if (!made.ok) return made;
  // Every field follows from these: whoever reads another one than this verifier did reads the same.
  if (!isSameJson(made.answer, answer))
    return { ok: false, stage: 'shape', reason: 'a field is not what follows from the proof' };
  return { ok: true, question, height, blockHash: toHex(claim.blockHash), value: made.value, anchored: anchored.value };
}

function isSameJson(a: unknown, b: unknown): boolean {
  const [left, right] = [canonicalJson(a), canonicalJson(b)];
  return left.ok && right.ok && left.text === right.text;
}

interface Read {
  readonly claim: AnchorClaim;
  readonly organization: string;
  readonly store: string;
  readonly question: PointQuestion;
  readonly proof: CommitmentProof;
}

function readAnswer(answer: unknown): Parsed<Read> {
  const fields = new Fields(answer, 'answer');
  const claim: AnchorClaim = {
    height: fields.height('height'),
    blockHash: fields.hash('block_hash'),
    stateRoot: fields.hash('state_root'),
    treeRoot: fields.hash('tree_root'),
    header: fields.base64('header'),
    proof: new Uint8Array(0),
    bucketHashes: undefined,
  };
  const statement = new Fields(fields.any('statement'), 'statement');
  for (const id of ['org', 'store']) statement.ulid(id);
  const organization = statement.text('org');
  const store = statement.text('store');
  const problem = fields.problem ?? statement.problem;
  if (problem !== undefined) return { ok: false, reason: problem };
  const question = readQuestion(statement, 'statement');
  if (!question.ok) return question;
  const { value } = question;
  if (!isPointQuestion(value)) return { ok: false, reason: 'statement is about more than one leaf' };
  const exported = new Fields(fields.any('ics23'), 'ics23');
  const proof = readProof(exported.any('proof'));
  if (!proof.ok) return proof;
  return { ok: true, value: { claim, organization, store, question: value, proof: proof.value } };
}

function readProof(json: unknown): Parsed<CommitmentProof> {
  const fields = new Fields(json, 'ics23.proof');
  if (fields.has('exist')) {
    const exist = readExistence(fields.any('exist'));
    return exist.ok ? { ok: true, value: { kind: 'exist', exist: exist.value } } : exist;
  }
  const sides = new Fields(fields.any('nonexist'), 'ics23.proof.nonexist');
  if (sides.problem !== undefined) return { ok: false, reason: sides.problem };
  const left = sides.has('left') ? readExistence(sides.any('left')) : undefined;
  if (left?.ok === false) return left;
  const right = sides.has('right') ? readExistence(sides.any('right')) : undefined;
  if (right?.ok === false) return right;
  return { ok: true, value: { kind: 'nonexist', left: left?.value, right: right?.value } };
}

function readExistence(json: unknown): Parsed<ExistenceProof> {
  const fields = new Fields(json, 'a leaf of ics23.proof');
  const key = fields.base64('key');
  const value = fields.base64('value');
  const steps = fields.any('path');
  if (!Array.isArray(steps)) fields.refuse('path', 'is not a list');
  const path = Array.isArray(steps) ? steps.map((step: unknown) => readStep(fields, step)) : [];
  return fields.problem === undefined ? { ok: true, value: { key, value, path } } : { ok: false, reason: fields.problem };
}

function readStep(leaf: Fields, json: unknown): InnerOp {
  const fields = new Fields(json, 'step');
  const prefix = fields.base64('prefix');
  const suffix = fields.has('suffix') ? fields.base64('suffix') : new Uint8Array(0);
  if (fields.problem !== undefined) leaf.refuse('path', fields.problem);
  return { prefix, suffix };
}
