/** A receipt put together over the client's own link, and believed only after `verifyReceipt` has: what `Vault.receipt` gives out. */
import { fromBase64 } from '../../core/bytes/base64.ts';
import type { LogInclusion } from '../../core/chain/inclusion.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import { decodeNote } from '../../core/note/note.ts';
import type { Policy, SignedBy } from '../../core/note/policy.ts';
import type { Finding } from '../../core/proof/findings.ts';
import type { Question } from '../../core/proof/statement.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { VouchError } from './error.ts';
import type { ProvenFindings } from './proven-questions.ts';

/** A file that shows to others what the vault said, and what it shows. */
export interface StateReceipt {
  /** To be kept, and verified by anyone: `vouch verify FILE --keys POLICY`, `verifyReceipt` of `vouch/verify`. */
  readonly text: string;
  /** The block that was read. */
  readonly height: number;
  /** Blocks under the checkpoint. */
  readonly size: number;
  /** In the order of the questions. */
  readonly findings: readonly Finding[];
  /** Whether the client has pinned keys, and enough of them have signed. */
  readonly authenticated: boolean;
  /** Pinned keys that have. */
  readonly signers: readonly SignedBy[];
}

/** What a receipt is made of. */
export interface ReceiptParts {
  readonly questions: readonly Question[];
  readonly proven: ProvenFindings;
  readonly inclusion: LogInclusion;
  readonly note: string;
}

/** Throws VouchError `proof_invalid` where it does not hold, or does not answer the questions for this vault. */
export function stateReceipt(
  { organization, id: store }: VaultEntry,
  { questions, proven, inclusion, note }: ReceiptParts,
  policy: Policy | undefined,
): StateReceipt {
  const { answer, findings } = proven;
  const signed = decodeNote(note);
  const [header, proof] = [fromBase64(answer.header), fromBase64(answer.proof)];
  if (!signed.ok || header === undefined || proof === undefined) {
    throw new VouchError('proof_invalid', 'The receipt does not hold: its checkpoint does not read.');
  }
  const { statements, height } = answer;
  const text = encodeReceipt({ header, statements, proof, index: height - 1, path: inclusion.path, note: signed.value });
  const verdict = verifyReceipt(text, { questions, organization, store, height, ...(policy === undefined ? {} : { policy }) });
  if (!verdict.ok) {
    throw new VouchError('proof_invalid', `The receipt does not hold (${verdict.stage}): ${verdict.reason}`);
  }
  const { checkpoint, authenticated, signers } = verdict;
  return { text, height, size: checkpoint.size, findings, authenticated, signers };
}
