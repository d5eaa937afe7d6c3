/**
 * Raft's vocabulary: entries, hard state and the messages of one group.
 * Source: Ongaro 2014, figure 3.1, 9.6 (PreVote), 6.4 (ReadIndex), 3.10 (TimeoutNow), 5 (snapshots); separate heartbeats with a capped
 * commit as in etcd/raft. Every variant lists all its fields; who sent it and for which group is in the envelope.
 */
import type { LogIndex, NodeId, Term } from '../ids.ts';

/** On disk and wire: do not renumber. normal and noop carry `core/state/entry-data.ts` bytes, configuration `configuration-bytes.ts`. */
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

/** Who votes. Changed by configuration.ts only; every list is sorted by id. */
export interface Configuration {
  /** While joint: the incoming half. */
  readonly voters: readonly NodeId[];
  /** Outgoing voters while joint; empty otherwise. */
  readonly votersOutgoing: readonly NodeId[];
  /** Receive the log, never counted; no voter of either half is among them. */
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** Of learners and learnersNext: those that become voters by themselves once they have caught up. */
  readonly promotable: readonly NodeId[];
  /** While joint: the leader leaves it by itself once it is committed. */
  readonly autoLeave: boolean;
}

/** A configuration that does not change by itself: nothing is joint, no learner is on its way. */
export function configurationOf(voters: readonly NodeId[], learners: readonly NodeId[] = []): Configuration {
  return { voters, votersOutgoing: [], learners, learnersNext: [], promotable: [], autoLeave: false };
}

/** What a snapshot stands for: the log up to index, the last of it of that term, and who are members from there on. */
export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  readonly configuration: Configuration;
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
  /** Nothing happens in the group: no heartbeats follow, and none are waited for (hibernation.ts). commit = the leader's last index, which the receiver holds. */
  | { readonly kind: 'hibernate'; readonly term: Term; readonly commit: LogIndex }
  /** The sender does not sleep, though its leader seems to think so. */
  | { readonly kind: 'wake'; readonly term: Term }
  /** The receiver campaigns at once (leader transfer). */
  | { readonly kind: 'timeoutNow'; readonly term: Term }
  /** An offer: the log up to index is gone, a snapshot stands for it. manifest says what its data is; raft does not read it. */
  | {
      readonly kind: 'installSnapshot';
      readonly term: Term;
      readonly index: LogIndex;
      readonly indexTerm: Term;
      readonly configuration: Configuration;
      readonly manifest: Uint8Array;
    };

export type MessageKind = Message['kind'];
/** The variant of one kind. */
export type MessageOf<K extends MessageKind> = Extract<Message, { kind: K }>;
