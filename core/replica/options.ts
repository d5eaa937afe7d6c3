/** What a runtime gives a replica besides its disk. */
import type { Buggify, Entropy, Hasher } from '../capability.ts';
import type { RaftTiming } from '../raft/options.ts';
import type { RaftProbe } from '../raft/outcome.ts';
import type { SeedWords } from '../random.ts';
import type { StateObserver } from '../state/group-state.ts';

export interface ReplicaOptions {
  readonly hasher: Hasher;
  /** Ids and section salts. */
  readonly entropy: Entropy;
  /** Seeds the node's own random streams (election timeouts); drawn by the runtime at each opening. */
  readonly seed: SeedWords;
  readonly buggify: Buggify;
  readonly timing: RaftTiming;
  /** Bound on the rates of all nodes' monotonic clocks, parts per million, for leases; undefined: this node takes none. */
  readonly leaseClockRatePpm?: number;
  /** Client commands in one entry at most. Default BATCH_COMMANDS_MAX. */
  readonly batchMax?: number;
  /** Sees blocks as they are sealed; for oracles and metrics. */
  readonly observer?: StateObserver;
  /** Coverage, in simulations only. */
  readonly probe?: RaftProbe;
  /** Size of a new WAL segment, bytes. Default SEGMENT_BYTES; the simulator uses small ones. */
  readonly segmentBytes?: number;
  /** Size of a page of the state's trees, bytes. Default PAGE_BYTES_DEFAULT; the simulator uses small ones. */
  readonly pageBytes?: number;
}
