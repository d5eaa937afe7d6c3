/** What a fault may do to a world, and what a fault is: one file per kind, registered in registry.ts. */

import type { Atlas } from '../atlas.ts';
import type { Build } from '../build.ts';
import type { NodeClock } from '../clock.ts';
import type { Heard, LinkKnobs } from '../network.ts';
import type { CrashKind, CrashPlan } from '../node.ts';
import type { Draws } from '../tape.ts';
import type { VirtualDisk } from '../virtual-disk.ts';
import type { FaultCounts, FaultKind } from './counts.ts';

/** The part of a world that faults act on. */
export interface FaultTarget {
  readonly nodeCount: number;
  readonly endpointCount: number;
  readonly now: number;
  readonly counts: FaultCounts;
  readonly network: {
    knobs: LinkKnobs;
    block(from: number, to: number): void;
    unblock(from: number, to: number): void;
    overhear(max: number): Heard[];
    stopOverhearing(list: Heard[]): void;
    sendAgain(frame: Heard): void;
  };
  readonly hostility: {
    /** What the protocol makes of a frame that no correct node would send. */
    forge(frame: Heard, draws: Draws): Heard | undefined;
    /** Somebody opens a damaged copy of the node's directory. @returns whether the protocol knows how to judge that. */
    openDamagedCopy(index: number, draws: Draws): boolean;
    /** The state that a node holds becomes another one. @returns whether there was something to change. */
    tamper(index: number, draws: Draws): boolean;
  };
  readonly diskDelayMean: number[];
  readonly atlas: Atlas;
  /** How wrong the rate of a monotonic clock may be, parts per million. */
  readonly clockRatePpmMax: number;
  /** Whether a node can be lost for good: everything it holds is elsewhere, and its groups decide without it. */
  readonly mayLose: (index: number) => boolean;
  /** The node that matters most now. */
  readonly focus: () => number;
  at(time: number, act: () => void): void;
  isRunning(index: number): boolean;
  crash(index: number, how: CrashKind): void;
  planCrash(index: number, plan: CrashPlan): void;
  restart(index: number): void;
  /** The disk is gone, and the node with it, for good. */
  wipe(index: number): void;
  /** What a machine whose process is gone runs from its next opening on. */
  install(index: number, build: Build): void;
  /** The process stands still that long from now; shorter than what is left of another pause changes nothing. */
  /** From 'nextSend' on: as soon as it has sent something, so that the answers wait for it. */
  pause(index: number, micros: number, from?: 'now' | 'nextSend'): void;
  disk(index: number): VirtualDisk;
  changeClock(index: number, change: (clock: NodeClock, now: number) => void): void;
}

export interface FaultRequest {
  readonly target: FaultTarget;
  /** The choices of this kind of fault. */
  readonly draws: Draws;
  /** How long it is to last, microseconds. */
  readonly durationMicros: number;
  /** Nodes that may be down at once. */
  readonly downMax: number;
}

export interface Fault {
  readonly kind: FaultKind;
  /** Times as long as other faults. Default 1. */
  readonly lasts?: number;
  /** Kinds counted when this one is injected, for reports. */
  readonly counts: readonly FaultKind[];
  /** Starts the fault. @returns how to end it, called once; undefined where there is nothing to end or nothing was done. */
  readonly inject: (request: FaultRequest) => (() => void) | undefined;
}

/** Whom a fault hits: whoever leads in half of the cases, else anybody. */
export function drawVictim({ target, draws }: FaultRequest): number {
  const anybody = draws.below(target.nodeCount);
  return draws.below(2) === 1 ? target.focus() : anybody;
}

/** The nodes in a drawn order. */
export function drawOrder(nodeCount: number, draws: Draws): readonly number[] {
  const order = Array.from({ length: nodeCount }, (_, node) => node);
  for (let i = nodeCount - 1; i > 0; i -= 1) {
    const j = i - draws.below(i + 1); // a draw of 0 leaves the order as it is
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** Nodes that do not run now, or run with a damaged disk and so without some of their groups. */
export function downCount(target: FaultTarget): number {
  let down = 0;
  for (let node = 0; node < target.nodeCount; node += 1) if (!target.isRunning(node) || !target.atlas.isWhole(node)) down += 1;
  return down;
}

/** Closes directions. @returns how to open them again. */
export function blockAll(target: FaultTarget, directions: readonly (readonly [number, number])[]): () => void {
  for (const [from, to] of directions) target.network.block(from, to);
  return () => {
    for (const [from, to] of directions) target.network.unblock(from, to);
  };
}
