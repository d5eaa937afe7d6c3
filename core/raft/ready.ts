/**
 * What one group asks of the replica around it, and what it shows of itself.
 *
 * Ordering contract of a Ready (after etcd/raft's doc.go, with durability as data instead of waiting):
 *   1. Persist hardState, then truncateFrom, then entries, in this order, as one batch behind all earlier ones.
 *   2. Report `persisted(mark)` once that batch and all earlier ones are durable. A mark that repeats asks for nothing.
 *   3. Messages with durable: false may leave at once; the others once this Ready's mark is durable.
 *   4. Entries up to commitIndex may be applied at once, even where they are not durable here: a quorum has them.
 *   5. snapshot asks the host to fetch what the manifest describes from `from` (or from whoever has it), a newer request
 *      replacing an older one. Once it has all of it, and meta.index is still above raft.commitIndex (else the log has
 *      overtaken it: drop it), the host makes the state and the WAL's snapshot mark durable, behind everything handed out
 *      before, and calls snapshotInstalled(now, meta); raft answers the leader. If it cannot, it calls snapshotFailed.
 *   6. A host that holds a durable snapshot may call compactTo(its index); entry() and entries() are gone up to there.
 *      From then on options.snapshotToOffer must give a snapshot at or behind the log's base whenever it can.
 */
import type { LogIndex, Micros, NodeId, Term } from '../ids.ts';
import type { Configuration, Entry, EntryKind, HardState, Message, SnapshotMeta } from './message.ts';
import type { ProgressState } from './progress.ts';

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

export interface OutgoingMessage {
  readonly to: NodeId;
  readonly message: Message;
  /** May leave only once everything this group has handed out so far, this Ready included, is durable. */
  readonly durable: boolean;
}

export interface FinishedRead {
  /** As given to readIndex(). */
  readonly context: number;
  /** A state applied up to here may answer; 0 where not ok. */
  readonly index: LogIndex;
  /** false: ask again, perhaps elsewhere. */
  readonly ok: boolean;
}

export interface IncomingSnapshot {
  /** The leader that offers it. */
  readonly from: NodeId;
  readonly meta: SnapshotMeta;
  readonly manifest: Uint8Array;
}

export interface Ready {
  /** Grows by one with each Ready that has something to persist, else repeats the last. */
  readonly mark: number;
  /** Set where term or vote changed. Its commitIndex is a hint that is durable already wherever this is. */
  readonly hardState: HardState | undefined;
  /** The log from here on was replaced: forget it before entries are written. */
  readonly truncateFrom: LogIndex | undefined;
  /** To persist. */
  readonly entries: readonly Entry[];
  readonly messages: readonly OutgoingMessage[];
  readonly commitIndex: LogIndex;
  readonly reads: readonly FinishedRead[];
  /** To fetch and to install. */
  readonly snapshot: IncomingSnapshot | undefined;
  /** 'gained' stands for a new tenure even if an older one ended in the same turn. */
  readonly leadership: 'gained' | 'lost' | undefined;
}

export interface Proposal {
  /** Configurations have a door of their own: proposeConfiguration. */
  readonly kind: Exclude<EntryKind, typeof EntryKind.configuration>;
  readonly data: Uint8Array;
}

export type ProposeResult =
  /** Entries took indexes from firstIndex on, in the given term. Appended, not committed. */
  | { readonly ok: true; readonly firstIndex: LogIndex; readonly term: Term }
  | { readonly ok: false; readonly code: 'not_leader' | 'overloaded'; readonly leader: NodeId | undefined };

export interface PeerStatus {
  readonly id: NodeId;
  readonly voter: boolean;
  readonly state: ProgressState;
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  /** Nothing more is sent until an answer comes. */
  readonly paused: boolean;
  /** Index of the snapshot on offer; 0 where none is. */
  readonly pendingSnapshot: LogIndex;
  readonly inflightAppends: number;
  readonly lastHeard: Micros;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  readonly leader: NodeId | undefined;
  readonly commitIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Entries up to here are durable on this node. */
  readonly stableIndex: LogIndex;
  /** Term and vote as they are durable on this node. */
  readonly durableTerm: Term;
  readonly durableVotedFor: NodeId | undefined;
  /** Whether a leader has committed an entry of its own term: from then on it knows what is committed. */
  readonly ownTermCommitted: boolean;
  /** In force: of the newest configuration entry, committed or not. */
  readonly configuration: Configuration;
  /** Index of that entry; 0 before the first. What proposeConfiguration compares. */
  readonly epoch: LogIndex;
  /** The log begins behind it. */
  readonly baseIndex: LogIndex;
  /** A leader's view of all members but itself, sorted by id; empty on other roles. */
  readonly peers: readonly PeerStatus[];
  readonly pendingReads: number;
  readonly uncommittedBytes: number;
  /** Messages refused as malformed or impossible. */
  readonly dropped: number;
}
