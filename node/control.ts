/** What the gateway's operator routes may ask of the running node. An interface of its own, so that routes are tested without sockets. */
import type { NodeStatus } from '../core/client/protocol.ts';
import type { ClusterId, NodeId } from '../core/ids.ts';
import type { Member } from '../core/replica/manifest.ts';
import type { BackupSource } from './backup/cluster-stream.ts';
import type { DrainResult } from './leaving.ts';
import type { VaultHealthSource } from './vault-health.ts';

/** A link that is up. */
export interface LinkView {
  readonly node: NodeId;
  readonly address: string;
  readonly initialised: boolean;
}

export interface InitRequest {
  /** Members to wait for, this node included. */
  readonly expect: number;
  /** Data groups besides GLOBAL. */
  readonly groups: number;
  readonly timeoutMs: number;
}

export type InitResult =
  | { readonly ok: true; readonly cluster: ClusterId; readonly members: readonly Member[] }
  | { readonly ok: false; readonly code: 'already_initialised' | 'too_few_nodes' | 'not_possible'; readonly message: string };

export interface NodeControl {
  status(): NodeStatus;
  links(): readonly LinkView[];
  init(request: InitRequest): Promise<InitResult>;
  /** Why the node should get no traffic now; empty = ready. */
  notReady(): readonly string[];
  /** What the node gives for a backup. */
  readonly backup: Pick<BackupSource, 'cluster' | 'group' | 'isEncrypted'>;
  /** How this node's copies of vaults are. */
  readonly vaults: Pick<VaultHealthSource, 'of' | 'unwell' | 'recover'>;
  /** Hands over everything that this node leads. */
  drain(): Promise<DrainResult>;
}
