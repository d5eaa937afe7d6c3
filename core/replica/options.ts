/** What a runtime gives a replica besides its disk. */
import type { Conditions } from '../authz/condition.ts';
import type { Buggify, Cipher, Entropy, Hasher, SigningKeys } from '../capability.ts';
import type { RaftLimits, RaftTiming } from '../raft/options.ts';
import type { RaftProbe } from '../raft/outcome.ts';
import type { SeedWords } from '../random.ts';
import type { StateObserver } from '../state/block-observer.ts';
import type { WarmUpLimits } from '../state/warm-up.ts';
import type { SnapshotLimits } from './snapshot-host.ts';

/** Bounds of what one group holds. */
export interface GroupLimits extends RaftLimits {
  /** Client commands that wait for a proposal. */
  readonly proposalQueueMax: number;
  /** Reads that wait for a read index or for apply. */
  readonly pendingReadsMax: number;
  /** Entries by which a leader runs ahead of its own disk. */
  readonly ownBacklogEntriesMax: number;
}

export interface ReplicaOptions {
  readonly hasher: Hasher;
  /** Seals what this node writes, under the master key that it holds; of a directory that was made without, undefined. */
  readonly cipher?: Cipher | undefined;
  /** Ids and section salts. */
  readonly entropy: Entropy;
  /** The expression language of conditions in authorization models; equal on every node. */
  readonly conditions: Conditions;
  /** Makes the key with which this node signs checkpoints of its vaults; undefined: it has none, and signs nothing. */
  readonly signing?: SigningKeys | undefined;
  /** Time between two checkpoints of a vault that changes, microseconds; undefined: they are made when somebody asks. */
  readonly checkpointMicros?: number | undefined;
  /** Seeds the node's own random streams (election timeouts); drawn by the runtime at each opening. */
  readonly seed: SeedWords;
  readonly buggify: Buggify;
  readonly timing: RaftTiming;
  /** How long nothing happens in a group before it sleeps, microseconds. Default HIBERNATE_MICROS. */
  readonly hibernateMicros?: number;
  /** Bound on the rates of all nodes' monotonic clocks, parts per million, for leases; undefined: this node takes none. */
  readonly leaseClockRatePpm?: number;
  /** Client commands in one entry at most. Default BATCH_COMMANDS_MAX. */
  readonly batchMax?: number;
  /** Bounds that differ from core/limits.ts; the simulator uses small ones, so that they are met. */
  readonly limits?: Partial<GroupLimits>;
  /** Whether candidates ask before they raise the term (thesis 9.6). Default true. */
  readonly preVote?: boolean;
  /** Sees blocks as they are sealed; for oracles and metrics. */
  readonly observer?: StateObserver;
  /** Bounds of checkpoints and fetches that differ from core/limits.ts. */
  readonly snapshots?: Partial<SnapshotLimits>;
  /** Coverage, in simulations only. */
  readonly probe?: RaftProbe;
  /** Size of a new WAL segment, bytes. Default SEGMENT_BYTES; the simulator uses small ones. */
  readonly segmentBytes?: number;
  /** Size of a page of the state's trees, bytes. Default PAGE_BYTES_DEFAULT; the simulator uses small ones. */
  readonly pageBytes?: number;
  /** How stored vaults come back into memory. Default: core/limits.ts; the simulator uses small steps. */
  readonly warmUp?: WarmUpLimits;
  /** Bytes of pages in memory, of all groups. Default PAGE_CACHE_BYTES; the simulator uses small ones. */
  readonly pageCacheBytes?: number;
}
