/**
 * Measures a run while clients work under faults. It only watches: a run that is measured is the same run.
 * A leader is lost when its process ends. Where another takes over from one that still runs (cut off, or standing still),
 * it was lost when a majority last heard of it.
 */
import type { GroupId, NodeId } from '../../core/ids.ts';
import type { Replica } from '../../core/replica/replica.ts';
import type { VirtualNode } from '../node.ts';
import type { ReplyEffect, SendEffect, SimInput } from '../protocol.ts';
import type { VouchOracle } from '../scenario.ts';
import type { VouchShape } from '../vouch.ts';
import type { History, Invocation } from '../workload/history.ts';
import type { Samples } from './measures.ts';

const MICROS_PER_MS = 1000;

/** A loss of leadership, and when somebody else was elected. */
interface Failover {
  readonly group: GroupId;
  readonly lostAt: number;
  electedAt: number;
}

interface Leadership {
  /** Index of the node; -1 = nobody yet. */
  node: number;
  term: number;
  /** Not replaced yet. */
  lost: Failover | undefined;
}

export class Meter implements VouchOracle {
  readonly name: string = 'meter';
  readonly claim: string = 'measures and judges nothing';
  private readonly now: () => number;
  private readonly history: History;
  private readonly groupOf: (vault: number) => GroupId;
  private readonly ids: readonly NodeId[];
  private readonly leaderships: ReadonlyMap<GroupId, Leadership>;
  /** heardAt[hearer][speaker]: true time. */
  private readonly heardAt: readonly number[][];
  private readonly failovers: Failover[] = [];
  private messages: number = 0;
  private from: number = Number.POSITIVE_INFINITY;
  private until: number = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly now: () => number;
    readonly ids: readonly NodeId[];
    readonly groups: readonly GroupId[];
    readonly history: History;
    readonly groupOf: (vault: number) => GroupId;
  }) {
    this.now = options.now;
    this.history = options.history;
    this.groupOf = options.groupOf;
    this.ids = options.ids;
    this.leaderships = new Map(options.groups.map((group) => [group, { node: -1, term: 0, lost: undefined }]));
    this.heardAt = options.ids.map(() => options.ids.map(() => 0));
  }

  /** Counting starts. */
  begin(): void {
    this.from = this.now();
  }

  /** Counting ends; a failover under way is still waited for. */
  end(): void {
    this.until = this.now();
  }

  stepped(node: VirtualNode<VouchShape, Replica>, input: SimInput<VouchShape>): void {
    if (input.kind === 'frame') (this.heardAt[node.index] as number[])[this.ids.indexOf(input.from)] = this.now();
    if (!node.running) return;
    for (const { group } of node.core?.touchedGroups() ?? []) {
      const leadership = this.leaderships.get(group.id);
      if (leadership === undefined || group.raft.role !== 'leader' || group.raft.term <= leadership.term) continue;
      this.elected(group.id, leadership, node.index, group.raft.term);
    }
  }

  crashed(node: VirtualNode<VouchShape, Replica>): void {
    for (const [group, leadership] of this.leaderships)
      if (leadership.node === node.index && leadership.lost === undefined) leadership.lost = this.lose(group, this.now());
  }

  leaving(_node: VirtualNode<VouchShape, Replica>, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind === 'send' && this.isCounting(this.now())) this.messages += 1;
  }

  samples(): Samples {
    const writes = this.history.invocations.filter(({ asked, outcome }) => asked.kind === 'transact' && outcome === 'ok');
    const counted = writes.filter(({ invokedAt }) => this.isCounting(invokedAt));
    return {
      failover: this.failovers.flatMap((failover) => durationOf(failover, this.writesTo(failover.group, writes))),
      commit: counted.map(({ invokedAt, returnedAt }) => (returnedAt - invokedAt) / MICROS_PER_MS),
      messages: counted.length === 0 ? [] : [Math.round((this.messages * 100) / counted.length) / 100],
    };
  }

  private isCounting(time: number): boolean {
    return time >= this.from && time < this.until;
  }

  private lose(group: GroupId, lostAt: number): Failover {
    const failover = { group, lostAt, electedAt: Number.POSITIVE_INFINITY };
    if (this.isCounting(lostAt)) this.failovers.push(failover);
    return failover;
  }

  private elected(group: GroupId, leadership: Leadership, node: number, term: number): void {
    const isTakeover = leadership.node >= 0 && leadership.node !== node && leadership.lost === undefined;
    const lost = isTakeover ? this.lose(group, this.lastHeard(leadership.node)) : leadership.lost;
    if (lost !== undefined) lost.electedAt = this.now();
    leadership.node = node;
    leadership.term = term;
    leadership.lost = undefined;
  }

  /** When a majority, itself included, had last heard of the node. */
  private lastHeard(speaker: number): number {
    const times = this.heardAt.map((heard, hearer) => (hearer === speaker ? this.now() : (heard[speaker] as number)));
    return times.sort((a, b) => b - a)[Math.floor(this.ids.length / 2)] as number;
  }

  private writesTo(group: GroupId, writes: readonly Invocation[]): readonly Invocation[] {
    return writes.filter(({ vault }) => this.groupOf(vault) === group);
  }
}

function durationOf({ lostAt, electedAt }: Failover, writes: readonly Invocation[]): readonly number[] {
  const first = writes.reduce(
    (least, { returnedAt }) => (returnedAt >= electedAt ? Math.min(least, returnedAt) : least),
    Number.POSITIVE_INFINITY,
  );
  return first === Number.POSITIVE_INFINITY ? [] : [(first - lostAt) / MICROS_PER_MS];
}
