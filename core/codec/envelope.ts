/** What travels between nodes inside one frame: a message of one group, of raft or about a snapshot,
 * one of a damaged replica of the group, one about blocks that replicas compare, one about checkpoints of its vaults,
 * or one about sleeping groups or keys, which stands in group 0. Encoded by frame.ts. */
import type { GroupId } from '../ids.ts';
import type { Message } from '../raft/message.ts';
import type { DivergenceMessage } from '../replica/divergence-message.ts';
import type { LivenessMessage } from '../replica/hibernation.ts';
import type { RecoveryMessage } from '../replica/recovering.ts';
import type { SigningMessage } from '../signing/message.ts';
import type { SnapshotMessage } from '../snapshot/message.ts';

export type PeerMessage = Message | SnapshotMessage | LivenessMessage | RecoveryMessage | DivergenceMessage | SigningMessage;

export interface Envelope {
  readonly group: GroupId;
  readonly message: PeerMessage;
}
