/** What a group is made from, and where its wishes go: everything between a group and the node around it. */
import type { Conditions } from '../authz/condition.ts';
import type { Buggify, Entropy } from '../capability.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { GroupId, NodeId, RequestId, Seq } from '../ids.ts';
import type { Message } from '../raft/message.ts';
import type { RaftTiming } from '../raft/options.ts';
import type { Raft } from '../raft/raft.ts';
import type { IncomingSnapshot } from '../raft/ready.ts';
import type { GroupState } from '../state/group-state.ts';
import type { WalRecord } from '../wal/record.ts';
import type { DivergencePorts } from './divergence.ts';
import type { GroupLimits } from './options.ts';
import type { Desired } from './roster.ts';

/** Where a group's wishes go; implemented by the replica, which assigns the sequence of this step's persist. */
export interface GroupSink {
  /** Records of this step's persist. @returns the sequence under which they become durable. */
  persist(group: GroupId, mark: number, records: readonly WalRecord[]): Seq;
  /** Whether the step has something for the disk so far. */
  readonly isWriting: boolean;
  /** The same for records that raft did not hand out. */
  record(records: readonly WalRecord[]): Seq;
  /** A leader offers a snapshot: it is to be fetched and installed. */
  offered(group: GroupId, incoming: IncomingSnapshot): void;
  send(to: NodeId, group: GroupId, after: Seq, message: Message): void;
  reply(request: RequestId, after: Seq, result: ClientResult): void;
  /** Who are the group's members is another question now. */
  membersChanged(): void;
  /** What the directory wants of the group. */
  desiredOf(group: GroupId): Desired;
}

export interface GroupOptions {
  readonly group: GroupId;
  readonly raft: Raft;
  readonly state: GroupState;
  readonly batchMax: number;
  readonly limits: Partial<GroupLimits>;
  readonly timing: RaftTiming;
  /** How long nothing happens before the group sleeps. */
  readonly hibernateMicros: number;
  readonly self: NodeId;
  readonly entropy: Entropy;
  /** Of authorization models that are written. */
  readonly conditions: Conditions;
  readonly buggify: Buggify;
  /** Told of rare branches by name; in simulations only. */
  readonly mark: ((name: string) => void) | undefined;
  readonly sink: GroupSink;
  /** Of the comparison of its blocks with other replicas'. */
  readonly divergence: DivergencePorts;
}
