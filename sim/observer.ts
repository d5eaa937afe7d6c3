/**
 * What an oracle may watch. Every hook is optional; the world calls only those that are there.
 * A broken property is thrown as a Violation and ends the run.
 */

import type { StorageError } from '../core/errors.ts';
import type { VirtualNode } from './node.ts';
import type { ReplyEffect, SendEffect, Shape, SimCore, SimInput } from './protocol.ts';

/** How bad: safety (exit 1), liveness (3), unknown or vacuous (5). */
export type ViolationKind = 'safety' | 'liveness' | 'vacuous' | 'unknown';

/** An operation of a history: a process has one at a time. */
export interface OperationRef {
  readonly process: number;
  readonly invokedAt: number;
}

/** What a violation is about, as far as its oracle knows: where a reader of the story has to look. */
export interface Evidence {
  readonly group?: number;
  /** The nodes involved, the one that broke the property last. */
  readonly nodes?: readonly number[];
  readonly term?: number;
  /** Log index of the entry. */
  readonly index?: number;
  /** True time at which it went wrong, where that is not when it was noticed; microseconds. */
  readonly at?: number;
  /** The client's operation that no order explains. */
  readonly operation?: OperationRef;
  /** The longest order of operations that explains all answers before that one, as far as it was looked for. */
  readonly order?: readonly OperationRef[];
  /** Two facts that cannot both be, as sentences. */
  readonly facts?: readonly [string, string];
}

/** A named property does not hold. */
export class Violation extends Error {
  override readonly name: string = 'Violation';
  readonly oracle: string;
  readonly kind: ViolationKind;
  readonly evidence: Evidence;
  constructor(oracle: string, message: string, kind: ViolationKind = 'safety', evidence: Evidence = {}) {
    super(message);
    this.oracle = oracle;
    this.kind = kind;
    this.evidence = evidence;
  }
}

export interface Observer<S extends Shape, C extends SimCore<S>> {
  /** Kebab-case, unique: the name in reports, invariants.md and the kill matrix. */
  readonly name: string;
  /** The property as one sentence. */
  readonly claim: string;
  /** A core was opened from its disk; nothing was stepped yet. */
  opened?(node: VirtualNode<S, C>): void;
  /** A step's effects were executed. */
  stepped?(node: VirtualNode<S, C>, input: SimInput<S>): void;
  /** A persist was handed out in the current step. */
  persisting?(node: VirtualNode<S, C>, seq: number): void;
  /** The disk holds everything up to seq; the core does not know yet. */
  durable?(node: VirtualNode<S, C>, seq: number): void;
  /** A message or reply really leaves the node. */
  leaving?(node: VirtualNode<S, C>, effect: SendEffect<S> | ReplyEffect<S>): void;
  /** The core is gone; node.core still shows its last state. */
  crashed?(node: VirtualNode<S, C>): void;
  /** The core would not open what is on its disk. */
  refused?(node: VirtualNode<S, C>, error: StorageError): void;
  fatal?(node: VirtualNode<S, C>, scope: 'node' | number, code: string, detail: string): void;
  /** The core tells its operator something. */
  alarm?(node: VirtualNode<S, C>, group: number, code: string, detail: string): void;
  /** The run is over, the cluster is at rest. */
  finished?(): void;
}
