/** What travels between nodes inside one frame: a message of one group, of raft or about a snapshot. Encoded by frame.ts. */
import type { GroupId } from '../ids.ts';
import type { Message } from '../raft/message.ts';
import type { SnapshotMessage } from '../snapshot/message.ts';

export type PeerMessage = Message | SnapshotMessage;

export interface Envelope {
  readonly group: GroupId;
  readonly message: PeerMessage;
}
