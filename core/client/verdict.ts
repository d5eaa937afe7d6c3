/** What an answer means for the operation that asked: the only place where error codes are read by the engine. */
import type { Height } from '../ids.ts';
import type { Answer, EngineRequest } from './operation.ts';
import type { ClientErrorCode, ClientResult } from './protocol.ts';

type ErrorResult = Extract<ClientResult, { readonly kind: 'error' }>;

export type Verdict =
  /** A definite answer. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** A definite error of this attempt. recorded: under (session, sequence), so that it speaks for every other attempt too. */
  | { readonly kind: 'error'; readonly code: ClientErrorCode; readonly message: string; readonly recorded: boolean }
  /** The vault does not keep what was asked for. oldest: the oldest height that can be read. */
  | { readonly kind: 'pruned'; readonly message: string; readonly oldest: Height }
  /** Ask again under the same (session, sequence). refused: this attempt certainly was not, and never will be, executed. */
  | { readonly kind: 'retry'; readonly refused: boolean; readonly error: ErrorResult }
  /** The session is gone: this attempt was not executed, an earlier one may have been. */
  | { readonly kind: 'expired' }
  /** The group has forgotten the sequence's result. */
  | { readonly kind: 'stale' }
  /** Not an answer to this request: the node is broken or hostile, and what it did is unknown. */
  | { readonly kind: 'nonsense' };

const ANSWER_KIND: { readonly [K in EngineRequest['kind']]: Answer['kind'] | 'byQuery' | 'byBody' } = {
  openSession: 'session',
  directory: 'byBody',
  createVault: 'vaultCreated',
  deleteVault: 'vaultDeleted',
  transact: 'transacted',
  query: 'byQuery',
  lookupVault: 'vault',
  listVaults: 'vaults',
  listOrganizations: 'organizations',
  listMembers: 'members',
  transfer: 'transferred',
  status: 'status',
};

/** The kind of answer that fits a request. */
function expectedKind(request: EngineRequest): Answer['kind'] {
  const kind = ANSWER_KIND[request.kind];
  if (kind === 'byQuery') return request.kind === 'query' ? request.query.kind : 'status';
  if (kind !== 'byBody') return kind;
  if (request.kind !== 'directory' || request.body.kind === 'createOrganization') return 'organization';
  if (request.body.kind === 'releaseVault') return 'vaultDeleted';
  return request.body.kind === 'reserveVault' ? 'vault' : 'member';
}

export function judge(request: EngineRequest, result: ClientResult): Verdict {
  if (result.kind !== 'error') {
    return result.kind === expectedKind(request) ? { kind: 'answer', answer: result } : { kind: 'nonsense' };
  }
  switch (result.code) {
    // Refused before a proposal was made.
    case 'not_leader':
    case 'overloaded':
    case 'not_initialised':
      return { kind: 'retry', refused: true, error: result };
    // May be said after the entry was appended.
    case 'unknown_outcome':
    case 'unavailable':
    case 'timeout':
    case 'quarantined':
    case 'vault_diverged':
      return { kind: 'retry', refused: false, error: result };
    case 'session_expired':
      return { kind: 'expired' };
    case 'sequence_stale':
      return { kind: 'stale' };
    // A node refuses these by itself, from the request or from what it holds.
    case 'invalid_argument':
    case 'group_missing':
    case 'time_in_future':
    case 'proof_unavailable':
    case 'proof_too_large':
    case 'not_a_voter':
    case 'transfer_failed':
      return { kind: 'error', code: result.code, message: result.message, recorded: false };
    case 'pruned_height':
      if (request.kind !== 'query' || result.oldest === undefined) return { kind: 'nonsense' };
      return { kind: 'pruned', message: result.message, oldest: result.oldest };
    default:
      return { kind: 'error', code: result.code, message: result.message, recorded: true };
  }
}
