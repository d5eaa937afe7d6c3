/** What the parts of signing ask of the replica, and how long they wait. */
import type { Hasher, SigningKeys } from '../capability.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { PeerMessage } from '../codec/envelope.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import type { ClusterId, GroupId, Micros, NodeId, RequestId, Seq } from '../ids.ts';
import type { RaftTiming } from '../raft/options.ts';
import type { ReplicaGroup } from '../replica/group.ts';
import type { Sealer } from '../seal/vault-keys.ts';

export interface SigningHost {
  readonly self: NodeId;
  readonly reader: DirectoryReader;
  readonly hasher: Hasher;
  readonly keys: SigningKeys;
  /** Seals the secret key; undefined where the directory is in clear. */
  readonly sealer: Sealer | undefined;
  readonly timing: RaftTiming;
  /** Time between two checkpoints of a vault that changes; undefined: only when somebody asks. */
  readonly everyMicros: number | undefined;
  readonly now: () => Micros;
  readonly wall: () => Micros;
  /** The cluster that this node is a member of. */
  readonly cluster: () => ClusterId;
  readonly groups: () => readonly ReplicaGroup[];
  readonly group: (id: GroupId) => ReplicaGroup | undefined;
  /** Runs something of a group; an invariant that breaks stops the group and nothing else. */
  readonly guarded: (group: ReplicaGroup, work: () => void) => void;
  readonly send: (to: NodeId, group: GroupId, after: Seq, message: PeerMessage) => void;
  /** The sequence of this step's persist. */
  readonly nextSeq: () => Seq;
  readonly write: (ops: readonly FileOp[]) => Seq;
  readonly reply: (id: RequestId, after: Seq, result: ClientResult) => void;
  readonly mark: (name: string) => void;
}
