/** What travels between nodes inside one frame: a Raft message of one group. Encoded by core/codec/frame.ts. */
import type { GroupId } from '../ids.ts';
import type { Message } from '../raft/message.ts';

export interface Envelope {
  readonly group: GroupId;
  readonly message: Message;
}
