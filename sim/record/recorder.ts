/**
 * Records a run for a person: an observer of the world that keeps frames, what replicas believe, who was down, and faults.
 * Nothing is drawn and nothing is changed, so a recorded run is the same run. Off unless asked for; then frames are kept as
 * bytes and read only at the end, as far as they are shown.
 */
import type { GroupId } from '../../core/ids.ts';
import type { Replica } from '../../core/replica/replica.ts';
import type { SealedBlock } from '../../core/state/block-observer.ts';
import type { VouchNode } from '../check/raft/watch.ts';
import type { FaultKind } from '../faults/counts.ts';
import type { Observer } from '../observer.ts';
import type { ReplyEffect, SendEffect } from '../protocol.ts';
import type { VouchProtocol, VouchShape } from '../vouch.ts';
import type { World } from '../world.ts';
import { Bounded } from './bounded.ts';
import { FaultLog } from './fault-log.ts';
import { FlightLog } from './flight-log.ts';
import type { Absence, RecordedBlock } from './recording.ts';
import { ReplicaLog } from './replica-log.ts';

const ABSENCES_MAX = 5000;
const BLOCKS_MAX = 20_000;

type OpenAbsence = { -readonly [K in keyof Absence]: Absence[K] };

export class Recorder implements Observer<VouchShape, Replica> {
  readonly name: string = 'recorder';
  readonly claim: string = 'keeps what happened';
  readonly flights: FlightLog;
  readonly replicas: ReplicaLog;
  readonly faults: FaultLog;
  readonly blocks: Bounded<RecordedBlock> = new Bounded(BLOCKS_MAX);
  readonly absences: Bounded<OpenAbsence> = new Bounded(ABSENCES_MAX);
  readonly phases: { readonly at: number; readonly name: string }[] = [];
  private readonly world: World<VouchShape, Replica>;
  private readonly groups: readonly GroupId[];
  private readonly durableOf: (node: number, group: GroupId) => number;
  private readonly down: (OpenAbsence | undefined)[];
  private readonly paused: (OpenAbsence | undefined)[];
  private readonly usualDiskDelay: readonly number[];
  private readonly heights: Map<string, number> = new Map();
  private crashKind: { readonly kind: 'crash' | 'powerLoss'; readonly at: number } = { kind: 'crash', at: -1 };
  /** Whether a fault was counted whose effect on the nodes was not looked at yet. */
  private isStirred: boolean = false;

  /** Watches from now on. @param durableOf last entry of a group that a node's disk is sure to hold, asked while the world runs. */
  constructor(
    world: World<VouchShape, Replica>,
    groups: readonly GroupId[],
    durableOf: (node: number, group: GroupId) => number,
  ) {
    this.world = world;
    this.groups = groups;
    this.durableOf = durableOf;
    this.faults = new FaultLog(world, world.nodeCount, (kind, times) => this.faultCounted(kind, times));
    this.flights = new FlightLog(world, (from, to, blocks) => this.faults.direction(from, to, blocks));
    this.replicas = new ReplicaLog(
      world.nodes.map((node) => node.id),
      groups,
    );
    this.down = world.nodes.map(() => undefined);
    this.paused = world.nodes.map(() => undefined);
    this.usualDiskDelay = [...world.diskDelayMean];
    world.network.watch = this.flights;
    world.counts.watch = this.faults;
    world.observe(this);
  }

  /** The run enters a phase. */
  phase(name: string): void {
    this.phases.push({ at: this.world.now, name });
  }

  /** Has every sealed block passed by on its way to the oracles. */
  watchBlocks(protocol: VouchProtocol): void {
    const next = protocol.onBlock;
    protocol.onBlock = (node, block): void => {
      this.sealed(node, block);
      next(node, block);
    };
  }

  opened(node: VouchNode): void {
    const absence = this.down[node.index];
    if (absence !== undefined) absence.to = this.world.now;
    this.down[node.index] = undefined;
  }

  stepped(node: VouchNode): void {
    if (this.isStirred) this.lookAtNodes();
    this.look(node);
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind === 'send') this.flights.leaves(node.index, this.replicas.nodeOf(effect.to), effect.envelope);
  }

  crashed(node: VouchNode): void {
    if (this.isStirred) this.lookAtNodes();
    this.look(node);
    const { now } = this.world;
    const pause = this.paused[node.index];
    if (pause !== undefined) pause.to = Math.min(pause.to, now);
    const why = this.crashKind.at === now ? this.crashKind.kind : 'stopped';
    this.down[node.index] = this.absent(node.index, why, Number.POSITIVE_INFINITY);
  }

  /** Only the first to seal a block counts. */
  private sealed(node: number, block: SealedBlock): void {
    if (block.height <= (this.heights.get(block.vault) ?? 0)) return;
    this.heights.set(block.vault, block.height);
    const { group, vault, height, index } = block;
    this.blocks.push({ at: this.world.now, node, group, vault, height, index, transactions: block.transactions.length });
  }

  /** Looks at everything once more: a violation may have ended the run in the middle of a step. */
  close(): void {
    this.flights.close();
    this.lookAtNodes();
    for (const node of this.world.nodes) if (node.running) this.look(node);
  }

  private look(node: VouchNode): void {
    const core = node.core;
    if (core === undefined) return;
    this.groups.forEach((id, position) => {
      const group = core.group(id);
      if (group === undefined) return;
      const durable = Math.min(this.durableOf(node.index, id), group.raft.lastIndex);
      this.replicas.look(this.world.now, node.index, position, { raft: group.raft, applied: group.state.lastApplied, durable });
    });
  }

  private faultCounted(kind: FaultKind, times: number): void {
    const { now } = this.world;
    if (kind === 'crash' || kind === 'powerLoss') this.crashKind = { kind, at: now };
    else if (kind === 'lostWrite' || kind === 'tornWrite') {
      const newest = this.absences.items[this.absences.items.length - 1];
      if (newest !== undefined) newest.writesLost += times;
    } else this.isStirred = true;
  }

  /** Finds out what a fault did to nodes: who stands still, whose disk is slow. */
  private lookAtNodes(): void {
    this.isStirred = false;
    for (const node of this.world.nodes) {
      const { index, pausedUntil } = node;
      const known = this.paused[index];
      if (pausedUntil > this.world.now && node.running) {
        if (known !== undefined && known.to >= this.world.now) known.to = pausedUntil;
        else this.paused[index] = this.absent(index, 'paused', pausedUntil);
      }
      if (this.world.diskDelayMean[index] !== this.usualDiskDelay[index])
        this.faults.touched('slowDisk', index, `disk of node ${index}`);
    }
  }

  private absent(node: number, why: Absence['why'], to: number): OpenAbsence {
    const absence: OpenAbsence = { node, why, from: this.world.now, to, writesLost: 0 };
    this.absences.push(absence);
    return absence;
  }
}
