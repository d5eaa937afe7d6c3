/**
 * One virtual machine: disk, clock, the core that runs on it at present, and what waits for its disk.
 * Only the world (world.ts) changes these fields; oracles read them.
 */
import type { FileOp } from '../core/effect.ts';
import type { NodeId } from '../core/ids.ts';
import { type Build, THIS_BUILD } from './build.ts';
import type { NodeClock } from './clock.ts';
import type { FrameQueue, ReplyEffect, SendEffect, Shape, SimCore, SimEffect } from './protocol.ts';
import type { InjectedError, VirtualDisk } from './virtual-disk.ts';

/** A dead process leaves its writes to the operating system; a dead machine forgets what was not synced. */
export type CrashKind = 'crash' | 'powerLoss';

/** A crash to come: after that many effects, counted from now or from the next persist. */
export interface CrashPlan {
  readonly effects: number;
  readonly fromNextPersist: boolean;
  /** Of persists, count from the next one with several syncs: one thing is durable before the next, and a crash between tells whether. */
  readonly isStaged?: boolean;
  readonly how: CrashKind;
}

export interface PendingPersist {
  readonly seq: number;
  readonly ops: readonly FileOp[];
  /** Operations carried out so far. */
  done: number;
  /** Why the disk refused the last of them. */
  failure: InjectedError | undefined;
}

export class VirtualNode<S extends Shape, C extends SimCore<S>> {
  readonly index: number;
  readonly id: NodeId;
  readonly disk: VirtualDisk;
  readonly clock: NodeClock;
  /** Undefined before the first opening only; see `running`. */
  core: C | undefined = undefined;
  running: boolean = false;
  /** Whether its disk is gone for good, and it with it: whatever this machine becomes next is another node (C8). */
  isWiped: boolean = false;
  /** Whether its machine answers for a process that is gone. */
  hasPower: boolean = true;
  /** What it runs, or will run once it is opened. */
  build: Build = THIS_BUILD;
  /** Grows at every opening; completions and timers of an earlier incarnation are ignored. */
  incarnation: number = 0;
  frames: FrameQueue<S> | undefined = undefined;
  /** Newest persist handed out, and newest reported durable, in this incarnation. */
  issuedSeq: number = 0;
  durableSeq: number = 0;
  /** Handed out, not durable yet; in order. */
  persists: PendingPersist[] = [];
  /** Whether a persist of this incarnation was refused. */
  diskFailed: boolean = false;
  /** Effects that wait for their `after`; in order. */
  waiting: (SendEffect<S> | ReplyEffect<S>)[] = [];
  /** Messages per peer that may leave with the next release: what the frames are checked against. */
  readonly releasable: number[];
  /** True time up to which the process stands still. */
  pausedUntil: number = 0;
  /** How long it will stand still once it has sent something; 0 = no such pause is planned. */
  pauseAfterSend: number = 0;
  /** True time of the earliest timer event scheduled for this incarnation. */
  timerAt: number = Number.POSITIVE_INFINITY;
  /** True time at which the disk is done with what it was given. */
  diskFreeAt: number = 0;
  /** Crash after this many more effects; negative = no crash is planned. */
  crashAfterEffects: number = -1;
  plannedCrash: CrashKind = 'crash';
  /** Whether that countdown begins only with the next persist. */
  crashWaitsForPersist: boolean = false;
  /** Whether that persist must have several syncs. */
  crashWaitsForStages: boolean = false;
  /** Requests that were not answered yet: request id -> endpoint and the client's own id. */
  readonly requests: Map<number, { readonly endpoint: number; readonly id: number }> = new Map();

  constructor(options: {
    readonly index: number;
    readonly id: NodeId;
    readonly disk: VirtualDisk;
    readonly clock: NodeClock;
    readonly nodes: number;
  }) {
    this.index = options.index;
    this.id = options.id;
    this.disk = options.disk;
    this.clock = options.clock;
    this.releasable = new Array<number>(options.nodes).fill(0);
  }
}

/** Whether the effect that a planned crash was to fall behind is carried out. */
export function isCrashDue(node: { readonly crashAfterEffects: number; readonly crashWaitsForPersist: boolean }): boolean {
  return node.crashAfterEffects === 0 && !node.crashWaitsForPersist;
}

/** An effect is about to be carried out: a planned crash comes nearer. */
export function countDown<S extends Shape, C extends SimCore<S>>(node: VirtualNode<S, C>, effect: SimEffect<S>): void {
  if (node.crashAfterEffects > 0 && !node.crashWaitsForPersist) node.crashAfterEffects -= 1;
  if (effect.kind === 'persist' && (!node.crashWaitsForStages || isStaged(effect.ops))) node.crashWaitsForPersist = false;
}

/** Whether one part has to be durable before the next is written. */
function isStaged(ops: readonly FileOp[]): boolean {
  return ops.filter(({ op }) => op === 'sync' || op === 'syncDirectory').length > 1;
}
