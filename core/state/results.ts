/** The error results that apply and queries give. Deterministic texts: they are replicated in session tables. */
import type { ClientErrorCode, ClientResult } from '../client/protocol.ts';
import type { Height } from '../ids.ts';

/** What applying a command yields: one per command of an entry. */
export type CommandResult = ClientResult;

/** @param retryAfterMs when asking again makes sense; 0 = not for this reason. */
export function errorResult(code: ClientErrorCode, message: string, retryAfterMs: number = 0): ClientResult {
  return { kind: 'error', code, message, leader: undefined, retryAfterMs };
}

/** @param oldest the oldest height that can be read. */
export function prunedResult(oldest: Height): ClientResult {
  const message = `this vault does not keep that any more: the oldest height that can be read is ${oldest}; ask for it or a later one`;
  return { kind: 'error', code: 'pruned_height', message, leader: undefined, retryAfterMs: 0, oldest };
}

export const VAULT_MISSING: ClientResult = errorResult('vault_missing', 'there is no such vault in this organization');
/** Said of a vault that came later, too: where a node has not heard of it yet, it must say the same. */
export const VAULT_MISSING_THEN: ClientResult = errorResult(
  'vault_missing',
  'there was no such vault in this organization at that time',
);
export const VAULT_DELETED: ClientResult = errorResult('vault_deleted', 'this vault was deleted; its id never comes back');
export const SESSION_EXPIRED: ClientResult = errorResult(
  'session_expired',
  'the session is unknown or has ended; nothing was executed, open a new one',
);
export const SEQUENCE_STALE: ClientResult = errorResult(
  'sequence_stale',
  'this sequence was declared answered before; nothing was executed now',
);
export const SEQUENCE_REUSED: ClientResult = errorResult(
  'sequence_reused',
  'this sequence already ran with another payload; nothing was executed now',
);
