/**
 * A real cluster as the faults of the simulator see a world (sim/faults/fault.ts): the same episodes and stories act on processes and relays.
 * Its time is the story's: `pace` real milliseconds are one of it, so that a story made for the simulator's elections suits those of production.
 */
import { NO_ATLAS } from '../../../sim/atlas.ts';
import type { FaultCounts } from '../../../sim/faults/counts.ts';
import type { FaultTarget } from '../../../sim/faults/fault.ts';
import type { CrashKind, CrashPlan } from '../../../sim/node.ts';
import type { InjectedError, VirtualDisk } from '../../../sim/virtual-disk.ts';
import type { RealCluster } from '../../real/real-cluster.ts';
import type { RealNode } from '../../real/real-node.ts';
import type { Wires } from '../../real/wires.ts';

export interface RealTargetOptions {
  readonly cluster: RealCluster;
  readonly wires: Wires;
  readonly counts: FaultCounts;
  readonly endpoints: number;
  /** Real milliseconds in a millisecond of the story. */
  readonly pace: number;
  /** Mean delay of a disk as the seed has drawn it, microseconds of the story. */
  readonly diskDelayMeanMicros: number;
  readonly focus: () => number;
  /** Something threw in a callback: the run is over. */
  readonly failed: (error: unknown) => void;
}

export class RealTarget implements FaultTarget {
  readonly counts: FaultCounts;
  readonly network: Wires;
  readonly diskDelayMean: number[];
  readonly atlas: FaultTarget['atlas'] = NO_ATLAS;
  readonly clockRatePpmMax: number = 0;
  readonly hostility: FaultTarget['hostility'] = {
    forge: () => undefined,
    openDamagedCopy: () => false,
    tamper: () => false,
  };
  private readonly options: RealTargetOptions;
  private readonly startedAt: number = performance.now();
  private readonly timers: Set<NodeJS.Timeout> = new Set();
  private isOver: boolean = false;
  /** Delays of disks as the nodes were told. */
  private readonly told: number[];

  constructor(options: RealTargetOptions) {
    this.options = options;
    this.counts = options.counts;
    this.network = options.wires;
    const { nodes } = options.cluster;
    this.diskDelayMean = nodes.map(() => options.diskDelayMeanMicros);
    this.told = [...this.diskDelayMean];
  }

  get nodeCount(): number {
    return this.options.cluster.nodes.length;
  }

  get endpointCount(): number {
    return this.options.endpoints;
  }

  /** Microseconds of the story. */
  get now(): number {
    return ((performance.now() - this.startedAt) * 1000) / this.options.pace;
  }

  get focus(): () => number {
    return this.options.focus;
  }

  at(time: number, act: () => void): void {
    if (this.isOver) return;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        this.perform(act);
      },
      Math.max(this.realMs(time - this.now), 0),
    );
    this.timers.add(timer);
  }

  /** Does something to the world, and tells the disks what it has changed. */
  perform(act: () => void): void {
    try {
      act();
      this.tellDisks();
    } catch (error) {
      this.options.failed(error);
    }
  }

  /** Nothing that was planned happens any more, and nothing more is planned. */
  stop(): void {
    this.isOver = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  isRunning(index: number): boolean {
    return this.node(index).running;
  }

  crash(index: number, how: CrashKind): void {
    this.node(index).crash(how);
  }

  planCrash(index: number, plan: CrashPlan): void {
    this.node(index).planCrash(plan);
  }

  restart(index: number): void {
    this.node(index).restart();
  }

  pause(index: number, micros: number, from: 'now' | 'nextSend' = 'now'): void {
    const pause = (): void => {
      if (!this.isOver) this.node(index).pause(this.realMs(micros));
    };
    if (from === 'now') pause();
    else this.network.onceSent(index, pause);
  }

  disk(index: number): VirtualDisk {
    return new RealDisk(this.node(index));
  }

  /** A real node comes back with what it had. */
  mayLose(): boolean {
    return false;
  }

  wipe(): void {
    throw new Error('no disk is taken away: counterparts.ts leaves these faults out');
  }

  install(): void {
    throw new Error('all processes are of one build: counterparts.ts leaves these faults out');
  }

  changeClock(): void {
    throw new Error('clocks are not changed: counterparts.ts leaves these faults out');
  }

  private tellDisks(): void {
    this.diskDelayMean.forEach((mean, index) => {
      if (mean === this.told[index]) return;
      this.told[index] = mean;
      this.node(index).slowDown(Math.round(this.realMs(mean)));
    });
  }

  private realMs(micros: number): number {
    return (micros * this.options.pace) / 1000;
  }

  private node(index: number): RealNode {
    return this.options.cluster.nodes[index] as RealNode;
  }
}

/** What a fault may do to the disk under a process. */
class RealDisk implements VirtualDisk {
  private readonly node: RealNode;

  constructor(node: RealNode) {
    this.node = node;
  }

  failNext(error: InjectedError | undefined): void {
    this.node.refuseNext(error);
  }

  execute(): never {
    return beyond();
  }

  powerLoss(): never {
    return beyond();
  }

  corrupt(): never {
    return beyond();
  }

  misdirect(): never {
    return beyond();
  }

  spoil(): never {
    return beyond();
  }

  misread(): never {
    return beyond();
  }

  shortenRead(): never {
    return beyond();
  }

  get hasCutRead(): never {
    return beyond();
  }

  list(): never {
    return beyond();
  }

  size(): never {
    return beyond();
  }

  read(): never {
    return beyond();
  }
}

function beyond(): never {
  throw new Error('nothing reaches into the files of a process: counterparts.ts leaves these faults out');
}
