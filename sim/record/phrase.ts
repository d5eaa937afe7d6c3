/** A message in words, as plain data: what a page needs without the codecs that made it. */
import type { PeerMessage } from '../../core/codec/envelope.ts';

/** Where the name of the receiver goes in a phrase. */
export const RECEIVER: string = '@@';

export interface MessageWords {
  readonly kind: PeerMessage['kind'] | 'request' | 'result' | 'unreadable';
  /** -1 where it belongs to none. */
  readonly group: number;
  /** 0 where it has none. */
  readonly term: number;
  /** Continues "node 2 …"; RECEIVER stands for the receiver's name. */
  readonly phrase: string;
  /** Whether nothing would be missed without it: a heartbeat that asks nothing, or its answer. */
  readonly isIdle: boolean;
}
