/**
 * What a client may ask a node, and what it is answered. The same objects travel from the SDK over WebSocket
 * (core/codec/client-frame.ts), from the HTTP gateway in process, and from the simulator's clients.
 */

import type { TransactionInclusion } from '../chain/inclusion.ts';
import type { CommitmentProof } from '../ics23/proof.ts';
import type { ClusterId, GroupId, Height, LogIndex, Micros, NodeId, OrganizationId, Term, VaultId } from '../ids.ts';
import type { PointQuestion, Question } from '../proof/statement.ts';
import type { Retention, Transaction, TransactionOutcome, TupleKey } from '../state/transaction.ts';
import type { AuthzQuery, AuthzResult } from './authz-protocol.ts';
import type { ChainQuery, ChainResult } from './chain-protocol.ts';
import type { ModelQuery, ModelResult } from './model-protocol.ts';

/** A session of one group: exactly-once for (session, sequence), across failover. */
export interface SessionRef {
  readonly group: GroupId;
  /** Log index of the entry that opened it. */
  readonly index: LogIndex;
}

/** Under which session a command runs. */
export interface CommandRef {
  readonly session: SessionRef;
  /** 1, 2, 3, … chosen by the client. */
  readonly sequence: number;
  /** Every smaller sequence has been answered to the client; their results may be forgotten. */
  readonly lowestUnanswered: number;
}

/** Commands on the directory (group GLOBAL). Idempotent by name. */
export type DirectoryCommand =
  | {
      readonly kind: 'createOrganization';
      readonly name: string;
      /** Where its vaults are to be; undefined: in the groups that the cluster began with. */
      readonly placement: Placement | undefined;
    }
  /** Reserves id and group; the vault itself is created in its group by `createVault`. */
  | { readonly kind: 'reserveVault'; readonly organization: string; readonly name: string; readonly allowExisting: boolean }
  /** Gives the name of a deleted vault free. Only once its group has deleted it: until then the name leads there. */
  | { readonly kind: 'releaseVault'; readonly organization: string; readonly vault: VaultId }
  | MemberCommand;

/** A group of the cluster, or a new one on so many nodes: 1, 3, 5 or 7. */
export type Placement = { readonly kind: 'group'; readonly group: GroupId } | { readonly kind: 'new'; readonly replicas: number };

/** A voter becomes one in every group once it has caught up there; a learner receives everything and never counts. */
export type MemberRole = 'voter' | 'learner';

/** What the cluster is to become: the leaders of the groups work towards it, one step at a time. Idempotent. */
export type MemberCommand =
  | { readonly kind: 'addMember'; readonly node: NodeId; readonly address: string; readonly role: MemberRole }
  /** For good: the id never comes back. Of a node that is being replaced: without waiting for the other one. */
  | { readonly kind: 'removeMember'; readonly node: NodeId }
  | { readonly kind: 'promoteMember'; readonly node: NodeId }
  /** node leaves a group once `by` votes there. `by` is added under the address unless it is a member. */
  | { readonly kind: 'replaceMember'; readonly node: NodeId; readonly by: NodeId; readonly address: string }
  /** It is reached elsewhere from now on. */
  | { readonly kind: 'moveMember'; readonly node: NodeId; readonly address: string }
  /** Where it votes it leads rather than nodes of a lower priority, from 0 to 255. */
  | { readonly kind: 'preferMember'; readonly node: NodeId; readonly priority: number };

/** A node as the directory knows it. */
export interface MemberEntry {
  readonly id: NodeId;
  /** HOST:PORT; of a removed node, its last one. */
  readonly address: string;
  /** What it is to be in every group. */
  readonly role: MemberRole;
  /** It leaves, or has left; it is kept so that its id never comes back. */
  readonly removed: boolean;
  /** Of a removed node: it stays in a group until this one votes there. */
  readonly replacedBy: NodeId | undefined;
  /** From 0 to 255: of two voters that could lead, the one with the higher priority does. */
  readonly priority: number;
}

/** A key with which a node signs checkpoints. */
export interface NodeKeyEntry {
  readonly node: NodeId;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Log index of group GLOBAL from which on it is the node's. */
  readonly from: LogIndex;
  /** From which on it is not; undefined: it is in force. */
  readonly retired: LogIndex | undefined;
}

export interface OrganizationEntry {
  readonly id: OrganizationId;
  readonly name: string;
  /** Where its vaults are; undefined: in any of the groups that the cluster began with. */
  readonly group: GroupId | undefined;
}

export interface VaultEntry {
  readonly id: VaultId;
  readonly organization: OrganizationId;
  readonly organizationName: string;
  readonly name: string;
  readonly group: GroupId;
  /** Entry time of the reservation, microseconds since 1970. */
  readonly createdAt: Micros;
}

export type VaultQuery =
  /** Is the exact tuple live? */
  | { readonly kind: 'tuple'; readonly tuple: TupleKey }
  | { readonly kind: 'entity'; readonly key: string }
  /** One proof that answers all of these questions, from 1 to QUESTIONS_MAX. */
  | { readonly kind: 'proof'; readonly questions: readonly Question[] }
  /** One leaf's existence or absence in the form of ICS-23. */
  | { readonly kind: 'ics23'; readonly question: PointQuestion }
  /** Live tuples by filter, in key order. after: opaque cursor of the previous page, empty = from the start. */
  | {
      readonly kind: 'list';
      readonly resource: string;
      readonly relation: string;
      readonly subject: string;
      readonly limit: number;
      readonly after: Uint8Array;
    }
  /** A block by height; 0 = the newest. Its header is there for ever, its transactions as long as the vault keeps them. */
  | { readonly kind: 'block'; readonly height: Height }
  /** What the vault keeps of its past. Of the newest block only. */
  | { readonly kind: 'retention' }
  | AuthzQuery
  | ChainQuery
  | ModelQuery
  /** The newest block's checkpoint, with the signatures of at least so many nodes; 0 = of a majority of the group's voters. */
  | { readonly kind: 'checkpoint'; readonly signatures: number };

/**
 * How new an answer has to be. linearizable, the default everywhere: it holds all that was committed, by any node, when the
 * node took the request. boundedMs: all that was committed that many milliseconds before. eventual: whatever this node has
 * applied. Weaker ones must be asked for by name.
 */
export type Consistency = 'linearizable' | 'eventual' | { readonly boundedMs: number };

/**
 * Of what moment an answer speaks. What a height or a time showed once, it shows on every node for as long as the vault keeps
 * it; then it is `pruned_height` for ever.
 */
export type ReadPoint =
  | { readonly kind: 'newest' }
  /** The vault as its block at that height left it, from 1. */
  | { readonly kind: 'height'; readonly height: Height }
  /** As its last block with a time at or before this one left it; microseconds since 1970. */
  | { readonly kind: 'time'; readonly time: Micros };

export const NEWEST: ReadPoint = { kind: 'newest' };

export type ClientRequest =
  | { readonly kind: 'openSession'; readonly group: GroupId }
  | { readonly kind: 'directory'; readonly command: CommandRef; readonly body: DirectoryCommand }
  | {
      readonly kind: 'createVault';
      readonly group: GroupId;
      readonly command: CommandRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
    }
  | {
      readonly kind: 'transact';
      readonly group: GroupId;
      readonly command: CommandRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
      readonly transaction: Transaction;
      /**
       * Which authorization model the tuples that it writes must fit, or nothing of it is applied: the one with this id; empty: the
       * newest, if there is one. undefined: none. Looked at before anything is appended, and no part of what a retry must repeat.
       */
      readonly model: string | undefined;
      /** Whether the answer is to carry the transaction's inclusion in the chain. */
      readonly proof: boolean;
    }
  /** For good: everything of the vault goes, and the keys under which nodes have sealed it. Idempotent. */
  | {
      readonly kind: 'deleteVault';
      readonly group: GroupId;
      readonly command: CommandRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
    }
  | {
      readonly kind: 'query';
      readonly group: GroupId;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
      readonly query: VaultQuery;
      /** A time is waited for whatever the consistency, and so is nothing of a height that is here. */
      readonly consistency: Consistency;
      readonly at: ReadPoint;
      readonly proof: boolean;
    }
  /** Vault by id (id non-empty) or by organization and name. */
  | {
      readonly kind: 'lookupVault';
      readonly organization: string;
      readonly name: string;
      readonly id: string;
      readonly consistency: Consistency;
    }
  | {
      readonly kind: 'listVaults';
      readonly organization: string;
      readonly after: string;
      readonly limit: number;
      readonly consistency: Consistency;
    }
  | { readonly kind: 'listOrganizations'; readonly consistency: Consistency }
  | { readonly kind: 'listMembers'; readonly consistency: Consistency }
  /** Hands the group's leadership over. Answered by the leader when that has ended. */
  | {
      readonly kind: 'transfer';
      readonly group: GroupId;
      /** Only where this node leads; where another one does, nothing is left to do. undefined: whoever leads. */
      readonly from: NodeId | undefined;
      /** undefined: the voter that is best prepared. */
      readonly to: NodeId | undefined;
    }
  | { readonly kind: 'status' };

/** Where in a vault's chain an answer stands. Hashes are 32 bytes. */
export interface Anchor {
  readonly height: Height;
  readonly blockHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly treeRoot: Uint8Array;
  /** The 196-byte header. */
  readonly header: Uint8Array;
}

export interface TupleRow {
  readonly tuple: TupleKey;
  readonly conditionName: string;
  readonly conditionContext: string;
  readonly expiresAt: number;
  readonly version: Height;
  /** Block time of version. */
  readonly writtenAt: Micros;
}

export interface GroupStatus {
  readonly group: GroupId;
  readonly role: 'follower' | 'preCandidate' | 'candidate' | 'leader';
  readonly term: Term;
  readonly leader: NodeId | undefined;
  readonly commitIndex: LogIndex;
  readonly lastApplied: LogIndex;
  readonly lastIndex: LogIndex;
  readonly quarantined: boolean;
  /** Nothing happens in it, and nothing is sent for it. */
  readonly asleep: boolean;
  /** In force on this node, sorted by id; of a joint configuration both halves. */
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/** Why a node signs with another key than before: its record was not there, not readable, not whole, another node's, or not what its log says. */
export type KeyLoss = 'missing' | 'unreadable' | 'damaged' | 'foreign' | 'contradicted';

/** The key with which a node signs checkpoints. */
export interface SigningStatus {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Whether the directory, as far as this node has applied it, knows the key. */
  readonly registered: boolean;
  /** Why this process made a new key; undefined: it did not. `missing` is how a node begins, too. */
  readonly loss: KeyLoss | undefined;
  /** Whether the directory had another key of the node before. */
  readonly replaced: boolean;
}

export interface NodeStatus {
  readonly node: NodeId;
  readonly cluster: ClusterId | undefined;
  readonly members: readonly { readonly id: NodeId; readonly address: string }[];
  /** Whether this node was removed from its cluster. */
  readonly removed: boolean;
  readonly groups: readonly GroupStatus[];
  readonly droppedFrames: number;
  /** undefined: the node signs nothing. */
  readonly signing?: SigningStatus | undefined;
}

/** Codes a client switches on. Retryable under the same (session, sequence): not_leader, overloaded, unknown_outcome, unavailable. */
export type ClientErrorCode =
  | 'not_leader'
  | 'overloaded'
  | 'unknown_outcome'
  | 'unavailable'
  | 'timeout'
  | 'session_expired'
  | 'sequence_stale'
  | 'sequence_reused'
  | 'invalid_argument'
  | 'organization_missing'
  | 'organization_exists'
  | 'vault_missing'
  | 'vault_exists'
  /** There was such a vault; nothing of it is left. */
  | 'vault_deleted'
  /** This node has another one than a majority of its group, and rebuilds it; other nodes answer. */
  | 'vault_diverged'
  | 'height_missing'
  | 'transaction_missing'
  /** Older than what the vault keeps; `oldest` says what there is. */
  | 'pruned_height'
  | 'time_in_future'
  /** No authorization model of this id. */
  | 'model_missing'
  /** No authorization model at all, where one is needed. */
  | 'no_model'
  /** An authorization model that makes no sense; nothing was appended. */
  | 'invalid_model'
  /** A tuple that the authorization model has no place for; nothing was appended. */
  | 'invalid_tuple'
  /** A tuple that comes with a question, and that the authorization model has no place for. */
  | 'invalid_contextual_tuple'
  /** No such type, or no such relation of a type, in the authorization model. */
  | 'type_missing'
  | 'relation_missing'
  /** A condition could not be evaluated: mostly because its context lacks a parameter. */
  | 'condition_failed'
  /** Too deep, or too much to read, to be resolved. */
  | 'too_complex'
  | 'proof_unavailable'
  /** What is asked for does not fit one proof: ask for less at once. */
  | 'proof_too_large'
  | 'group_missing'
  /** No such node. */
  | 'member_missing'
  /** A member already, under another address. */
  | 'member_exists'
  /** The node was removed; its id never comes back. */
  | 'member_removed'
  | 'address_taken'
  /** The cluster would be left without a voter. */
  | 'no_voter_left'
  | 'members_full'
  /** Leadership can only be handed to another voter of the group. */
  | 'not_a_voter'
  /** Leadership stayed where it was, or went elsewhere. */
  | 'transfer_failed'
  /** A group cannot have more voters than the cluster. */
  | 'too_few_voters'
  | 'groups_full'
  | 'not_initialised'
  | 'quarantined';

export type ClientResult =
  | { readonly kind: 'session'; readonly session: SessionRef }
  | ({ readonly kind: 'organization'; readonly created: boolean } & OrganizationEntry)
  | { readonly kind: 'vault'; readonly vault: VaultEntry; readonly created: boolean }
  | { readonly kind: 'vaults'; readonly vaults: readonly VaultEntry[]; readonly more: boolean }
  | { readonly kind: 'organizations'; readonly organizations: readonly OrganizationEntry[] }
  /** changed: whether the command changed anything. */
  | { readonly kind: 'member'; readonly member: MemberEntry; readonly changed: boolean }
  /** Removed nodes too, sorted by id; and every key that any of them has or had, by node, then by age. */
  | { readonly kind: 'members'; readonly members: readonly MemberEntry[]; readonly keys: readonly NodeKeyEntry[] }
  /** Who leads the group now. */
  | { readonly kind: 'transferred'; readonly group: GroupId; readonly leader: NodeId }
  | { readonly kind: 'vaultCreated'; readonly anchor: Anchor }
  | { readonly kind: 'vaultDeleted'; readonly vault: VaultId }
  /**
   * anchor: the vault's newest block after the transaction was applied (outcome.height <= anchor.height). inclusion: where it was
   * asked for and the transaction is in the chain; not there any more where it is answered again and the vault has dropped it.
   */
  | {
      readonly kind: 'transacted';
      readonly outcome: TransactionOutcome;
      readonly anchor: Anchor;
      readonly inclusion?: TransactionInclusion;
    }
  /** proof: empty unless asked for. value: the leaf's canonical value where revealed and live. */
  | {
      readonly kind: 'tuple';
      readonly present: boolean;
      readonly row: TupleRow | undefined;
      readonly anchor: Anchor;
      readonly proof: Uint8Array;
    }
  | {
      readonly kind: 'entity';
      readonly value: Uint8Array | undefined;
      readonly version: Height;
      readonly expiresAt: number;
      readonly anchor: Anchor;
      readonly proof: Uint8Array;
    }
  /** What it says of each question follows from the proof (core/proof/findings.ts). */
  | { readonly kind: 'proof'; readonly anchor: Anchor; readonly proof: Uint8Array }
  /** Against the anchor's tree_root (core/ics23/verify.ts). */
  | { readonly kind: 'ics23'; readonly anchor: Anchor; readonly proof: CommitmentProof }
  | { readonly kind: 'list'; readonly rows: readonly TupleRow[]; readonly next: Uint8Array; readonly anchor: Anchor }
  /** pruned: the vault does not keep this block's transactions any more; else they are all there. */
  | {
      readonly kind: 'block';
      readonly anchor: Anchor;
      readonly transactions: readonly Uint8Array[];
      readonly newest: Height;
      readonly pruned: boolean;
    }
  /** oldest: the oldest height that can be read, and its block's time. */
  | {
      readonly kind: 'retention';
      readonly retention: Retention;
      readonly oldest: Height;
      readonly oldestTime: Micros;
      readonly anchor: Anchor;
    }
  | AuthzResult
  | ChainResult
  | ModelResult
  /** note: a C2SP signed note (core/note), two lines for each node that signed. */
  | { readonly kind: 'checkpoint'; readonly note: string; readonly size: Height; readonly signatures: number }
  | { readonly kind: 'status'; readonly status: NodeStatus }
  /**
   * leader: where to go instead, for not_leader. retryAfterMs: for overloaded and unavailable. oldest: for pruned_height, and
   * always there: the oldest height that can be read.
   */
  | {
      readonly kind: 'error';
      readonly code: ClientErrorCode;
      readonly message: string;
      readonly leader: NodeId | undefined;
      readonly retryAfterMs: number;
      readonly oldest?: Height;
    };
