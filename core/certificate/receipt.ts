/** A receipt whose statements are certificates: as receipt/verify.ts, but that a model decides what is proven under the header. */
import { refusedAt } from '../bytes/parsed.ts';
import { portableHasher } from '../hasher.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import type { SignedBy } from '../note/policy.ts';
import { provenBlock } from '../proof/anchor-claim.ts';
import { decodeReceipt } from '../receipt/format.ts';
import { openReceipt, type ReceiptStage, type SignatureExpectations } from '../receipt/verify.ts';
import { type Capabilities, type CertificateStage, proveCertificates } from './prove.ts';
import { type CertificateClaim, isCertificateStatement } from './read-statement.ts';
import { type AskedExpectations, checkCertificates, type ProvenCertificates, readCertificateStatements } from './verify.ts';

/** The reader's own knowledge. Everything given must hold. */
export interface CertificateReceiptExpectations extends SignatureExpectations, AskedExpectations {
  readonly conditions: Capabilities['conditions'];
}

export type CertificateReceiptVerdict =
  | (ProvenCertificates & {
      readonly checkpoint: Checkpoint;
      /** Whether a policy was met. */
      readonly authenticated: boolean;
      /** Pinned keys that signed the checkpoint, in the order of the policy. */
      readonly signers: readonly SignedBy[];
    })
  | {
      readonly ok: false;
      readonly stage: ReceiptStage | CertificateStage;
      readonly reason: string;
      readonly statement?: number;
    };

/** Whether a text is a receipt of certificates, and not of what stands in the vault. */
export function isCertificateReceipt(text: string): boolean {
  const decoded = decodeReceipt(text);
  return decoded.ok && isCertificateStatement(decoded.value.statements[0]);
}

/** Checks a receipt of certificates. @param text of the file. Anything else is refused, never thrown on. */
export function verifyCertificateReceipt(text: string, expected: CertificateReceiptExpectations): CertificateReceiptVerdict {
  const { hasher = portableHasher, conditions } = expected;
  const opened = openReceipt(text, expected);
  if (!opened.ok) return refusedAt(opened.stage, opened.reason);
  const { header, blockHash, statements, proof, checkpoint, authenticated, signers } = opened.value;
  const claims = readCertificateStatements(statements);
  if (!claims.ok) return claims;
  const mismatch = checkCertificates(claims.value, { header, blockHash }, expected);
  if (mismatch !== undefined) return mismatch;
  const proven = proveCertificates({ hasher, conditions }, { header, proof, claims: claims.value });
  if (!proven.ok) return proven;
  const { organization, store } = (claims.value[0] as CertificateClaim).about;
  const block = provenBlock(header, blockHash);
  return { ok: true, ...block, organization, store, results: proven.results, checkpoint, authenticated, signers };
}
