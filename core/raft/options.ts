/** What a group is configured with and what it is restarted from. Times are microseconds of the node's monotonic clock. */
import { assert } from '../assert.ts';
import type { Buggify } from '../capability.ts';
import type { Micros, NodeId } from '../ids.ts';
import {
  APPEND_BYTES_MAX,
  APPEND_ENTRIES_MAX,
  INFLIGHT_APPENDS_MAX,
  INFLIGHT_BYTES_MAX,
  READ_QUEUE_MAX,
  UNCOMMITTED_BYTES_MAX,
} from '../limits.ts';
import type { Random } from '../random.ts';
import type { Configuration, Entry, HardState, SnapshotMeta } from './message.ts';
import type { RaftProbe } from './outcome.ts';

export interface RaftTiming {
  /** Election timeouts are drawn from [min, max]; min is also how long a follower sticks to a leader it has heard. */
  readonly electionTimeoutMinMicros: number;
  readonly electionTimeoutMaxMicros: number;
  readonly heartbeatMicros: number;
}

export interface RaftLimits {
  readonly appendEntriesMax: number;
  readonly appendBytesMax: number;
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly readQueueMax: number;
}

export const DEFAULT_RAFT_LIMITS: RaftLimits = {
  appendEntriesMax: APPEND_ENTRIES_MAX,
  appendBytesMax: APPEND_BYTES_MAX,
  inflightAppendsMax: INFLIGHT_APPENDS_MAX,
  inflightBytesMax: INFLIGHT_BYTES_MAX,
  uncommittedBytesMax: UNCOMMITTED_BYTES_MAX,
  readQueueMax: READ_QUEUE_MAX,
};

/** Signs of life that were no messages of the group. */
export interface Liveness {
  /** When the leader's node was last known to lead this sleeping group in its present term. */
  leaderConfirmedAt(): Micros | undefined;
  /** When anything of that node was last heard. */
  heardAt(peer: NodeId): Micros | undefined;
}

export interface RaftOptions {
  readonly id: NodeId;
  readonly timing: RaftTiming;
  /** Ask before raising the term (thesis 9.6). */
  readonly preVote: boolean;
  /** The leader steps down without a quorum (6.2), and followers stick to a leader they hear (4.2.3). */
  readonly checkQuorum: boolean;
  /**
   * Clocks run at 1 ± this many parts per million of true time; leases rest on it. Undefined: this leader takes no leases.
   * Promises to other leaders are kept all the same. Needs checkQuorum: it is what makes followers promise anything.
   */
  readonly leaseClockRatePpm?: number;
  /**
   * How long a leader waits for an append to tell the followers of a new commit index before it tells them by itself: under load
   * one always comes. Default 0: at once.
   */
  readonly announceDelayMicros?: number;
  /** This node's own stream. Seed it anew at each start: equal streams split votes for ever. */
  readonly random: Random;
  readonly buggify: Buggify;
  /** What the host knows of other nodes while the group sleeps (hibernation.ts). Absent: the group never sleeps. */
  readonly liveness?: Liveness;
  /** Coverage, in simulations only. */
  readonly probe?: RaftProbe;
  /** Data of the no-op a new leader appends; the replica puts its wall clock there. */
  readonly noopData: () => Uint8Array;
  /**
   * The newest durable snapshot of this node, for a follower that needs entries that are gone; undefined where there is none
   * to serve now. Its index is at or behind the log's base and not behind what is committed. Absent: the log is never compacted.
   */
  readonly snapshotToOffer?: () => SnapshotOffer | undefined;
  /** Fields that differ from DEFAULT_RAFT_LIMITS. */
  readonly limits?: Partial<RaftLimits>;
}

export interface SnapshotOffer {
  readonly meta: SnapshotMeta;
  /** What the snapshot's data is and how to get it; raft only carries it. */
  readonly manifest: Uint8Array;
}

/** What the WAL gives back. */
export interface Recovered {
  readonly hardState: HardState;
  /** Contiguous from index 1, or from behind the snapshot. Configuration entries among them are active. */
  readonly entries: readonly Entry[];
  /** Where there is no snapshot: who were members before the first configuration entry. */
  readonly configuration: Configuration;
  /** The durable snapshot that stands for the log's beginning. */
  readonly snapshot?: SnapshotMeta | undefined;
}

/** Asserts the relations between times that liveness rests on (thesis 3.9: broadcast time << election timeout). */
export function checkTiming(timing: RaftTiming): void {
  assert(timing.heartbeatMicros >= 1, 'a heartbeat interval is positive');
  assert(timing.heartbeatMicros < timing.electionTimeoutMinMicros, 'a heartbeat comes before an election timeout');
  assert(timing.electionTimeoutMinMicros < timing.electionTimeoutMaxMicros, 'election timeouts are drawn from a range');
}
