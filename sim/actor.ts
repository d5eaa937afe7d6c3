/** A process outside the cluster that talks to nodes over the same network: a client. */

export interface Outgoing {
  /** Index of the node. */
  readonly to: number;
  readonly bytes: Uint8Array;
}

export interface Actor {
  /** Bytes of a node arrived. @param time true time; clients keep no promise that a clock could break. */
  receive(time: number, node: number, bytes: Uint8Array): void;
  /** Its connections to a node were reset: that process died, and its machine said so. */
  reset?(time: number, node: number): void;
  /** nextDeadline has passed; harmless when early. */
  deadline(time: number): void;
  /** True time of the next thing to do; Infinity = waits for bytes only. */
  nextDeadline(): number;
  /** What it wants to send since the last call. */
  takeOutgoing(): readonly Outgoing[];
}
