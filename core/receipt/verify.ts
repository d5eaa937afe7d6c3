/**
 * Verification of a receipt, offline. In order: the header is a leaf of the log whose checkpoint the receipt carries, that log is
 * the header's vault's, the checkpoint is signed as the reader's policy wants, and the header's tree proves the statements.
 *
 * Without a policy all of it may be somebody's own invention: consistent, NOT authenticated.
 */

import { refusedAt } from '../bytes/parsed.ts';
import type { Hasher, SignatureVerifier } from '../capability.ts';
import { decodeHeader, type Header } from '../chain/header.ts';
import { verifyInclusion } from '../chain/log-proof.ts';
import { leafHash } from '../chain/merkle-log.ts';
import { portableHasher } from '../hasher.ts';
import { type Checkpoint, decodeCheckpoint } from '../note/checkpoint.ts';
import { portableVerifier } from '../note/ed25519.ts';
import { isLogOf } from '../note/names.ts';
import { checkNote, type Policy, type SignedBy } from '../note/policy.ts';
import type { AnswerStage } from '../proof/answer.ts';
import {
  checkStatements,
  type ProvenStatements,
  proveStatements,
  type QuestionsExpectations,
  readStatements,
} from '../proof/statements.ts';
import { decodeReceipt } from './format.ts';

/** Where a receipt is refused. `log`: the header is not in the log; `signatures`: the checkpoint is not what the policy wants. */
export type ReceiptStage = 'receipt' | 'log' | 'signatures' | AnswerStage;

/** The reader's own knowledge. Everything given must hold. */
export interface ReceiptExpectations extends QuestionsExpectations {
  /** Pinned origins, keys and quorum. Without it the receipt is consistent at best, and NOT authenticated. */
  readonly policy?: Policy;
  /** SHA-256 and Ed25519; the portable ones unless given. */
  readonly hasher?: Hasher;
  readonly verifier?: SignatureVerifier;
}

export type ReceiptVerdict =
  | (ProvenStatements & {
      readonly checkpoint: Checkpoint;
      /** Whether a policy was met. */
      readonly authenticated: boolean;
      /** Pinned keys that signed the checkpoint, in the order of the policy. */
      readonly signers: readonly SignedBy[];
    })
  /** statement: index of the one at fault, where it is one. */
  | { readonly ok: false; readonly stage: ReceiptStage; readonly reason: string; readonly statement?: number };

/** A receipt whose header is in the log of its checkpoint, which is signed as the policy wants. Its statements are read, not believed. */
export interface OpenedReceipt {
  readonly header: Header;
  readonly blockHash: Uint8Array;
  /** A parsed JSON list. */
  readonly statements: readonly unknown[];
  readonly proof: Uint8Array;
  readonly checkpoint: Checkpoint;
  readonly authenticated: boolean;
  readonly signers: readonly SignedBy[];
}

/** What the reader knows of who signs. */
export type SignatureExpectations = Pick<ReceiptExpectations, 'policy' | 'hasher' | 'verifier'>;

/** Checks a receipt. @param text of the file. Anything else is refused, never thrown on. */
export function verifyReceipt(text: string, expected: ReceiptExpectations = {}): ReceiptVerdict {
  const opened = openReceipt(text, expected);
  if (!opened.ok) return opened;
  const { header, blockHash, statements, proof, checkpoint, authenticated, signers } = opened.value;
  const claims = readStatements(statements);
  if (!claims.ok) return claims;
  const mismatch = checkStatements(claims.value, header, expected);
  if (mismatch !== undefined) return mismatch;
  const proven = proveStatements(expected.hasher ?? portableHasher, { header, blockHash, proof, claims: claims.value });
  return proven.ok ? { ...proven, checkpoint, authenticated, signers } : proven;
}

/** All of it but the statements. */
export function openReceipt(
  text: string,
  { policy, hasher = portableHasher, verifier = portableVerifier }: SignatureExpectations,
):
  | { readonly ok: true; readonly value: OpenedReceipt }
  | { readonly ok: false; readonly stage: ReceiptStage; readonly reason: string } {
  const decoded = decodeReceipt(text);
  if (!decoded.ok) return refusedAt('receipt', decoded.reason);
  const { header: headerBytes, statements, proof, index, path, note } = decoded.value;
  const header = decodeHeader(headerBytes);
  if (!header.ok) return refusedAt('header', `header: ${header.reason}`);

  const checkpoint = decodeCheckpoint(note.text);
  if (!checkpoint.ok) return refusedAt('receipt', checkpoint.reason);
  const { origin, size, root } = checkpoint.value;
  const leaf = leafHash(hasher, headerBytes);
  if (header.value.height !== index + 1) return refusedAt('log', 'index is not the height of the header less 1');
  if (!isLogOf(origin, header.value)) {
    return refusedAt('log', `the checkpoint is of ${origin}, the header of another vault`);
  }
  if (!verifyInclusion(hasher, { index, size, leafHash: leaf, root, path })) {
    return refusedAt('log', 'the header is not in the log of the checkpoint');
  }

  const signed = policy === undefined ? undefined : checkNote(verifier, policy, note);
  if (signed?.ok === false) return refusedAt('signatures', signed.reason);
  const signatures = { authenticated: signed !== undefined, signers: signed?.signers ?? [] };
  const shown = { header: header.value, blockHash: leaf, statements, proof, checkpoint: checkpoint.value };
  return { ok: true, value: { ...shown, ...signatures } };
}
