/**
 * What a node knows of its cluster before any log entry: written once at bootstrap, durable before the node takes part.
 */
import type { ClusterId, GroupId, NodeId } from '../ids.ts';

export interface Member {
  readonly id: NodeId;
  /** HOST:PORT that other nodes and clients reach it under. */
  readonly address: string;
}

export interface Manifest {
  readonly cluster: ClusterId;
  /** Sorted by id. */
  readonly members: readonly Member[];
  /** Initial voters of each group, sorted by group; GLOBAL (0) is always there and lists every member. */
  readonly groups: readonly { readonly group: GroupId; readonly voters: readonly NodeId[] }[];
}
