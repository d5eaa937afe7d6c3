/**
 * Raft's vocabulary: entries, hard state and the messages of one group.
 * Source: Ongaro 2014, figure 3.1, 9.6 (PreVote), 6.4 (ReadIndex), 3.10 (TimeoutNow); separate heartbeats with a capped
 * commit as in etcd/raft. Every variant lists all its fields; who sent it and for which group is in the envelope.
 */
import type { LogIndex, NodeId, Term } from '../ids.ts';

/** On disk and wire: do not renumber. normal and noop carry `core/state/entry-data.ts` bytes. */
export const EntryKind = { normal: 1, noop: 2, configuration: 3 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

export interface Entry {
  readonly term: Term;
  readonly index: LogIndex;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** What a group must remember across a restart besides its log. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  /** A hint, durable whenever something else is written: never above what is committed. */
  readonly commitIndex: LogIndex;
}

/** Who votes. Static until configuration changes arrive; the shape already has both halves of a joint configuration. */
export interface Configuration {
  /** Sorted by id. */
  readonly voters: readonly NodeId[];
  /** Outgoing voters while joint; empty otherwise. Sorted. */
  readonly votersOutgoing: readonly NodeId[];
  /** Receive the log, never counted. Sorted. */
  readonly learners: readonly NodeId[];
}

export type Message =
  /** term = the term the sender would campaign in; changes nothing at the receiver. */
  | { readonly kind: 'preVote'; readonly term: Term; readonly lastIndex: LogIndex; readonly lastTerm: Term }
  /** term = the asked term when granted, the responder's own when not. */
  | { readonly kind: 'preVoteResponse'; readonly term: Term; readonly granted: boolean }
  /** transfer: exempt from leader stickiness because the leader itself asked for it. */
  | {
      readonly kind: 'requestVote';
      readonly term: Term;
      readonly lastIndex: LogIndex;
      readonly lastTerm: Term;
      readonly transfer: boolean;
    }
  | { readonly kind: 'requestVoteResponse'; readonly term: Term; readonly granted: boolean }
  | {
      readonly kind: 'appendEntries';
      readonly term: Term;
      readonly prevIndex: LogIndex;
      readonly prevTerm: Term;
      readonly commit: LogIndex;
      readonly entries: readonly Entry[];
    }
  /** ok: index = last index verified to match the leader's log. Not ok: index = the refused prevIndex, hints = where to retry. */
  | {
      readonly kind: 'appendResponse';
      readonly term: Term;
      readonly ok: boolean;
      readonly index: LogIndex;
      readonly hintIndex: LogIndex;
      readonly hintTerm: Term;
    }
  /** commit is capped by the receiver's matchIndex. context: newest read round, 0 = none. */
  | { readonly kind: 'heartbeat'; readonly term: Term; readonly commit: LogIndex; readonly context: number }
  | { readonly kind: 'heartbeatResponse'; readonly term: Term; readonly context: number }
  /** A follower asks its leader for a read index. context is the follower's own. */
  | { readonly kind: 'readIndex'; readonly term: Term; readonly context: number }
  /** ok: a state at or behind index may answer. Not ok: ask again (no leader here, or no own-term commit yet). */
  | {
      readonly kind: 'readIndexResponse';
      readonly term: Term;
      readonly context: number;
      readonly ok: boolean;
      readonly index: LogIndex;
    }
  /** The receiver campaigns at once (leader transfer). */
  | { readonly kind: 'timeoutNow'; readonly term: Term };

export type MessageKind = Message['kind'];
/** The variant of one kind. */
export type MessageOf<K extends MessageKind> = Extract<Message, { kind: K }>;
