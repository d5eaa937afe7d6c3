/**
 * Verification of a receipt, offline. In order: the header is a leaf of the log whose checkpoint the receipt carries, that log is
 * the header's vault's, the checkpoint is signed as the reader's policy wants, and the header's tree proves the statements.
 *
 * Without a policy all of it may be somebody's own invention: consistent, NOT authenticated.
 */
import { toBase64 } from '../bytes/base64.ts';
import { equalBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import type { Hasher, SignatureVerifier } from '../capability.ts';
import { decodeHeader, type Header } from '../chain/header.ts';
import { verifyInclusion } from '../chain/log-proof.ts';
import { leafHash } from '../chain/merkle-log.ts';
import { decodeUlid } from '../chain/ulid.ts';
import { portableHasher } from '../hasher.ts';
import { type Checkpoint, decodeCheckpoint } from '../note/checkpoint.ts';
import { portableVerifier } from '../note/ed25519.ts';
import { parseVaultOrigin } from '../note/names.ts';
import { checkNote, type Policy, type SignedBy } from '../note/policy.ts';
import type { AnswerStage } from '../proof/answer.ts';
import type { Question } from '../proof/statement.ts';
import { type StatementsVerdict, verifyStatements } from '../proof/statements.ts';
import { decodeReceipt } from './format.ts';

/** Where a receipt is refused. `log`: the header is not in the log; `signatures`: the checkpoint is not what the policy wants. */
export type ReceiptStage = 'receipt' | 'log' | 'signatures' | AnswerStage;

/** The reader's own knowledge. Everything given must hold. */
export interface ReceiptExpectations {
  /** Pinned origins, keys and quorum. Without it the receipt is consistent at best, and NOT authenticated. */
  readonly policy?: Policy;
  /** The questions that were asked, in order. */
  readonly questions?: readonly Question[];
  /** ULIDs. */
  readonly organization?: string;
  readonly store?: string;
  /** SHA-256 and Ed25519; the portable ones unless given. */
  readonly hasher?: Hasher;
  readonly verifier?: SignatureVerifier;
}

type StatementsAccepted = Omit<Extract<StatementsVerdict, { readonly ok: true }>, 'anchored'>;

export type ReceiptVerdict =
  | (StatementsAccepted & {
      readonly checkpoint: Checkpoint;
      /** Whether a policy was met. */
      readonly authenticated: boolean;
      /** Pinned keys that signed the checkpoint, in the order of the policy. */
      readonly signers: readonly SignedBy[];
    })
  | { readonly ok: false; readonly stage: ReceiptStage; readonly reason: string };

/** Checks a receipt. @param text of the file. Anything else is refused, never thrown on. */
export function verifyReceipt(text: string, expected: ReceiptExpectations = {}): ReceiptVerdict {
  const { policy, hasher = portableHasher, verifier = portableVerifier } = expected;
  const decoded = decodeReceipt(text);
  if (!decoded.ok) return { ok: false, stage: 'receipt', reason: decoded.reason };
  const { header: headerBytes, statements, proof, index, path, note } = decoded.value;
  const header = decodeHeader(headerBytes);
  if (!header.ok) return { ok: false, stage: 'header', reason: `header: ${header.reason}` };

  const checkpoint = decodeCheckpoint(note.text);
  if (!checkpoint.ok) return { ok: false, stage: 'receipt', reason: checkpoint.reason };
  const { origin, size, root } = checkpoint.value;
  const leaf = leafHash(hasher, headerBytes);
  if (header.value.height !== index + 1)
    return { ok: false, stage: 'log', reason: 'index is not the height of the header less 1' };
  if (!isLogOf(origin, header.value)) {
    return { ok: false, stage: 'log', reason: `the checkpoint is of ${origin}, the header of another vault` };
  }
  if (!verifyInclusion(hasher, { index, size, leafHash: leaf, root, path })) {
    return { ok: false, stage: 'log', reason: 'the header is not in the log of the checkpoint' };
  }

  const signed = policy === undefined ? undefined : checkNote(verifier, policy, note);
  if (signed?.ok === false) return { ok: false, stage: 'signatures', reason: signed.reason };

  const { questions, organization, store } = expected;
  const answer = {
    height: header.value.height,
    block_hash: toHex(leaf),
    state_root: toHex(header.value.stateRoot),
    tree_root: toHex(header.value.treeRoot),
    header: toBase64(headerBytes),
    proof: toBase64(proof),
    statements,
  };
  const proven = verifyStatements(answer, {
    hasher,
    block: answer.block_hash,
    ...(questions === undefined ? {} : { questions }),
    ...(organization === undefined ? {} : { organization }),
    ...(store === undefined ? {} : { store }),
  });
  if (!proven.ok) return proven;
  const { anchored: _, ...accepted } = proven;
  return { ...accepted, checkpoint: checkpoint.value, authenticated: signed !== undefined, signers: signed?.signers ?? [] };
}

/** Whether the origin is that of the header's vault. Which cluster it is in, the header does not say; the keys do. */
function isLogOf(origin: string, header: Header): boolean {
  const name = parseVaultOrigin(origin);
  const organization = decodeUlid(name?.organization ?? '');
  const vault = decodeUlid(name?.vault ?? '');
  if (organization === undefined || vault === undefined) return false;
  return equalBytes(organization, header.organization) && equalBytes(vault, header.vault);
}
