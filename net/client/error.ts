/** The SDK's one error class. Callers switch on `code`, never on the message. */
import type { Answer, OperationOutcome } from '../../core/client/operation.ts';
import type { ClientErrorCode } from '../../core/client/protocol.ts';
import type { RejectCode } from '../../core/state/transaction.ts';

/**
 * ClientErrorCode: of the cluster or the client. `unknown_outcome` means that a command may have been executed; with any other code it was not.
 * RejectCode: a transaction was refused as a whole; `operation` says which of its operations could not be applied.
 * `proof_invalid`: an answer came whose proof does not hold; it must not be believed.
 */
export type VouchErrorCode = ClientErrorCode | RejectCode | 'proof_invalid' | CheckpointCode;

/**
 * Why a checkpoint is not accepted by a client with pinned keys. checkpoint_refused: another log, or not signed as the policy wants.
 * rollback: older than what was accepted before. fork: another root of the same size. inconsistent: no proof that one extends the other.
 */
export type CheckpointCode = 'checkpoint_refused' | 'rollback' | 'fork' | 'inconsistent';

/** Two signed notes of one log that do not go together: what a fork proof is made of, and what to show to others. */
export interface CheckpointNotes {
  readonly accepted: string;
  readonly offered: string;
}

export class VouchError extends Error {
  override readonly name: string = 'VouchError';
  readonly code: VouchErrorCode;
  /** Index of the refused operation, for a RejectCode. */
  readonly operation: number | undefined;
  /** For `pruned_height`: the oldest height that can be read. */
  readonly oldest: number | undefined;
  /** For `rollback`, `fork` and `inconsistent`. */
  readonly notes: CheckpointNotes | undefined;

  constructor(code: VouchErrorCode, message: string, operation?: number, oldest?: number, notes?: CheckpointNotes) {
    super(message);
    this.code = code;
    this.operation = operation;
    this.oldest = oldest;
    this.notes = notes;
  }
}

/** The answer of the given kind. Throws VouchError for anything else. */
export function expectAnswer<K extends Answer['kind']>(
  outcome: OperationOutcome,
  kind: K,
): Extract<Answer, { readonly kind: K }> {
  if (!outcome.ok) throw new VouchError(outcome.code, outcome.message, undefined, outcome.oldest);
  const { answer } = outcome;
  if (!isKind(answer, kind)) throw new VouchError('unavailable', 'A node answered another question than the one asked.');
  return answer;
}

function isKind<K extends Answer['kind']>(answer: Answer, kind: K): answer is Extract<Answer, { readonly kind: K }> {
  return answer.kind === kind;
}
