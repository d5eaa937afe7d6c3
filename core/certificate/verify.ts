/**
 * Verification of an answer with certificates, offline: a check, a list of objects, a list of users, or several of them with one proof.
 *
 *   { allowed | objects | users, height, block_hash, state_root, tree_root, header, proof, bucket_hashes?, statement }
 *   { height, block_hash, state_root, tree_root, header, proof, bucket_hashes?, statements: [statement, …] }
 *
 * Statement: statement-json.ts. As in proof/answer.ts nothing is believed before it is recomputed; what is not proven is that the header
 * is the vault's (an anchor does that) and that the model is the newest: a statement names its model, and the caller knows which it wants.
 */
import { canonicalJson } from '../bytes/canonical-json.ts';
import { equalBytes } from '../bytes/compare.ts';
import { type Parsed, refused, refusedAt } from '../bytes/parsed.ts';
import type { Header } from '../chain/header.ts';
import { portableHasher } from '../hasher.ts';
import { foreignTo, otherThan, type VaultExpectations } from '../proof/about.ts';
import {
  type AnchorExpectations,
  type Anchored,
  checkAnchor,
  checkHeader,
  type ProvenBlock,
  provenBlock,
  readAnchorClaim,
} from '../proof/anchor-claim.ts';
import { Fields } from '../proof/json-fields.ts';
import type { Asked, Found } from './asked.ts';
import { type Capabilities, type CertificateRefusal, type ProvenResult, proveCertificates } from './prove.ts';
import { type CertificateClaim, readCertificateStatement } from './read-statement.ts';
import { certificateStatement, FIELDS_OF } from './statement-json.ts';
import { userText } from './user-text.ts';

/** What the caller asked. Every one given must hold. */
export interface AskedExpectations extends VaultExpectations {
  /** The questions, in order, each with its context, its contextual tuples and its model; an empty id stands for any. */
  readonly asked?: readonly Asked[];
  /** Id of the model of every statement. */
  readonly model?: string;
}

/** The caller's own knowledge. Every one given must hold. */
export interface CertificateExpectations extends AnchorExpectations, AskedExpectations {
  /** SHA-256; the portable one unless given. */
  readonly hasher?: Capabilities['hasher'];
  readonly conditions: Capabilities['conditions'];
  /** Most work of the evaluations; CERTIFICATE_WORK_MAX unless given. */
  readonly workMax?: number;
}

export interface ProvenCertificates extends ProvenBlock {
  readonly ok: true;
  readonly organization: string;
  readonly store: string;
  /** In the order of the answer. */
  readonly results: readonly ProvenResult[];
}

export type CertificateVerdict = (ProvenCertificates & { readonly anchored: Anchored }) | CertificateRefusal;

/**
 * Checks an answer with one certificate or several.
 * @param answer parsed JSON, as in docs/reference/certificate-format.md. Anything else is refused, never thrown on.
 */
export function verifyCertificate(answer: unknown, expected: CertificateExpectations): CertificateVerdict {
  const hasher = expected.hasher ?? portableHasher;
  const fields = new Fields(answer, 'answer');
  const shaped = fields.problem === undefined ? readAnchorClaim(fields) : refused(fields.problem);
  if (!shaped.ok) return refusedAt('shape', shaped.reason);
  const claim = shaped.value;
  const isOne = fields.has('statement');
  if (isOne && fields.has('statements')) return refusedAt('shape', 'answer has both of statement and statements');
  const claims = isOne ? readOne(fields) : readCertificateStatements(fields.any('statements'));
  if (!claims.ok) return claims;
  const header = checkHeader(hasher, claim);
  if (!header.ok) return refusedAt('header', header.reason);
  const mismatch = checkCertificates(claims.value, { header: header.value, blockHash: claim.blockHash }, expected);
  if (mismatch !== undefined) return mismatch;
  const anchor = checkAnchor(claim, expected);
  if (!anchor.ok) return refusedAt('anchor', anchor.reason);
  const { conditions, workMax } = expected;
  const proven = proveCertificates(
    { hasher, conditions },
    { header: header.value, proof: claim.proof, claims: claims.value, ...(workMax === undefined ? {} : { workMax }) },
  );
  if (!proven.ok) return proven;
  const { organization, store } = (claims.value[0] as CertificateClaim).about;
  const block = provenBlock(header.value, claim.blockHash);
  return { ok: true, ...block, organization, store, results: proven.results, anchored: anchor.value };
}

type Claims = { readonly ok: true; readonly value: readonly CertificateClaim[] } | CertificateRefusal;

/** A single statement, which the answer's own field repeats. */
function readOne(fields: Fields): Claims {
  const claim = readCertificateStatement(fields.any('statement'), 'statement');
  if (!claim.ok) return refusedAt('shape', claim.reason);
  const { asked, found } = claim.value;
  const field = found.kind === 'check' ? 'allowed' : FIELDS_OF[asked.kind][1];
  const isSame = isResult(fields.any(field), found);
  return isSame ? { ok: true, value: [claim.value] } : refusedAt('statement', `answer.${field} is not what the statement says`);
}

/** Whether the answer's field says what was found. */
function isResult(value: unknown, found: Found): boolean {
  if (found.kind === 'check') return value === found.allowed;
  const { members } = found;
  return Array.isArray(value) && value.length === members.length && members.every((name, i) => userText(value[i]) === name);
}

/** Reads the list of statements; there is at least one. */
export function readCertificateStatements(value: unknown): Claims {
  if (!Array.isArray(value) || value.length === 0) {
    return refusedAt('shape', 'answer.statements is not a list of statements');
  }
  const claims: CertificateClaim[] = [];
  for (const [statement, item] of value.entries()) {
    const read = readCertificateStatement(item, `statements[${statement}]`);
    if (!read.ok) return { ...refusedAt('shape', read.reason), statement };
    claims.push(read.value);
  }
  return { ok: true, value: claims };
}

/** Every statement is about the header's vault, height and hash, and asks what the caller asked. */
export function checkCertificates(
  claims: readonly CertificateClaim[],
  { header, blockHash }: { readonly header: Header; readonly blockHash: Uint8Array },
  expected: AskedExpectations,
): CertificateRefusal | undefined {
  const { asked } = expected;
  for (const [statement, claim] of claims.entries()) {
    const foreign = equalBytes(claim.blockHash, blockHash) ? undefined : 'block_hash is not that of the header';
    const reason =
      foreignTo(header, claim.about) ??
      foreign ??
      otherThan(expected, claim.about) ??
      otherModel(expected.model, claim.asked) ??
      otherQuestion(asked?.[statement], claim);
    if (reason !== undefined) return { ...refusedAt('statement', `statements[${statement}]: ${reason}`), statement };
  }
  if (asked === undefined || asked.length === claims.length) return undefined;
  return refusedAt('statement', `${claims.length} statements, ${asked.length} asked for`);
}

function otherModel(model: string | undefined, asked: Asked): string | undefined {
  return model === undefined || model === asked.model ? undefined : 'another model than expected';
}

function otherQuestion(expected: Asked | undefined, { asked, found }: CertificateClaim): string | undefined {
  if (expected === undefined) return undefined;
  const textOf = (question: Asked): Parsed<string> => {
    const at = { organization: '', store: '', height: 0, blockHash: '' };
    const json = canonicalJson(certificateStatement(at, question, found));
    return json.ok ? { ok: true, value: json.text } : refused(json.reason);
  };
  const [wanted, given] = [textOf(expected.model === '' ? { ...expected, model: asked.model } : expected), textOf(asked)];
  const isSame = wanted.ok && given.ok && wanted.value === given.value && expected.kind === asked.kind;
  return isSame ? undefined : 'another question than expected';
}
