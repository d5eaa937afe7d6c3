/**
 * Measures a run while clients work under faults. It only watches: a run that is measured is the same run.
 * A leader is lost when its process ends. Where another takes over from one that still runs (cut off, or standing still),
 * it was lost when a majority last heard of it. A leader that hands over is not lost: that is a transfer, which counts from TimeoutNow.
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

/** TimeoutNow has left a leader for the voter that it found caught up. */
interface Transfer {
  readonly group: GroupId;
  readonly term: number;
  /** Index of the node that is to take over. */
  readonly to: number;
  readonly askedAt: number;
  /** Infinity where it never took over. */
  electedAt: number;
}

interface Leadership {
  /** Index of the node; -1 = nobody yet. */
  node: number;
  term: number;
  /** Not replaced yet. */
  lost: Failover | undefined;
  /** Under way. */
  transfer: Transfer | undefined;
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
  private readonly transfers: Transfer[] = [];
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
    this.leaderships = new Map(
      options.groups.map((group) => [group, { node: -1, term: 0, lost: undefined, transfer: undefined }]),
    );
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
      const { role, term, isTransferring } = group.raft;
      if (leadership === undefined || role !== 'leader') continue;
      if (term > leadership.term) this.elected(group.id, leadership, node.index, term);
      else if (term === leadership.term && !isTransferring) leadership.transfer = undefined; // given up: it leads on
    }
  }

  crashed(node: VirtualNode<VouchShape, Replica>): void {
    for (const [group, leadership] of this.leaderships)
      if (leadership.node === node.index && leadership.lost === undefined) leadership.lost = this.lose(group, this.now());
  }

  leaving(_node: VirtualNode<VouchShape, Replica>, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind !== 'send') return;
    if (this.isCounting(this.now())) this.messages += 1;
    const { group, message } = effect.envelope;
    if (message.kind === 'timeoutNow') this.handedOver(group, message.term, effect.to);
  }

  samples(): Samples {
    const writes = this.history.invocations.filter(({ asked, outcome }) => asked.kind === 'transact' && outcome === 'ok');
    const counted = writes.filter(({ invokedAt }) => this.isCounting(invokedAt));
    return {
      failover: this.failovers.flatMap((failover) => durationOf(failover, this.writesTo(failover.group, writes))),
      transfer: this.transfers.flatMap((transfer) => pauseOf(transfer, this.writesTo(transfer.group, writes))),
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

  /** It is asked again with every answer of the target: the first time counts. */
  private handedOver(group: GroupId, term: number, to: NodeId): void {
    const leadership = this.leaderships.get(group);
    if (leadership?.term !== term || leadership.transfer !== undefined) return;
    const askedAt = this.now();
    const transfer = { group, term, to: this.ids.indexOf(to), askedAt, electedAt: Number.POSITIVE_INFINITY };
    leadership.transfer = transfer;
    if (this.isCounting(askedAt)) this.transfers.push(transfer);
  }

  private elected(group: GroupId, leadership: Leadership, node: number, term: number): void {
    const { transfer } = leadership;
    leadership.transfer = undefined;
    if (transfer?.to === node && leadership.lost === undefined) {
      transfer.electedAt = this.now();
      leadership.node = node;
      leadership.term = term;
      return;
    }
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
  return since(
    lostAt,
    writes.filter(({ returnedAt }) => returnedAt >= electedAt),
  );
}

/** An answer that the old leader gave may arrive after the election: who answered decides. */
function pauseOf({ to, askedAt, electedAt }: Transfer, writes: readonly Invocation[]): readonly number[] {
  return since(
    askedAt,
    writes.filter(({ answeredBy, returnedAt }) => answeredBy === to && returnedAt >= electedAt),
  );
}

/** Milliseconds until the first of the answers; nothing where there is none. */
function since(start: number, writes: readonly Invocation[]): readonly number[] {
  const first = writes.reduce((least, { returnedAt }) => Math.min(least, returnedAt), Number.POSITIVE_INFINITY);
  return first === Number.POSITIVE_INFINITY ? [] : [(first - start) / MICROS_PER_MS];
}
