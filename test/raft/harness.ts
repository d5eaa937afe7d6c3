/**
 * Several groups in lock step: every delivery, completion, time-out, crash and restart is a call of the test.
 * Messages that wait for durability leave with the completion of their mark; a crash forgets them and what is not durable.
 * The oracles of oracles.ts look after every call.
 */
import { type LogIndex, type Micros, NEVER, type NodeId, plus } from '../../core/ids.ts';
import { type MemberChange, membersOf } from '../../core/raft/configuration.ts';
import type { ConfigurationChange } from '../../core/raft/membership.ts';
import { type Configuration, configurationOf, type Message, type SnapshotMeta } from '../../core/raft/message.ts';
import type { RaftOptions } from '../../core/raft/options.ts';
import { Raft } from '../../core/raft/raft.ts';
import type { OutgoingMessage, Ready } from '../../core/raft/ready.ts';
import { Random } from '../../core/random.ts';
import { TestDisk } from './disk.ts';
import { Oracles } from './oracles.ts';
import { at, proposal, TIMING } from './support.ts';

export interface Flight {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

export class TestNode {
  readonly id: NodeId;
  readonly disk: TestDisk = new TestDisk();
  raft: Raft | undefined = undefined;
  starts: number = 0;
  /** Waiting for their mark. */
  held: { readonly mark: number; readonly outgoing: OutgoingMessage }[] = [];
  readonly readys: Ready[] = [];
  /** What the leader asked the host to fetch, not installed yet. */
  offered: SnapshotMeta | undefined = undefined;

  constructor(id: NodeId) {
    this.id = id;
  }
}

export interface ClusterOptions extends Partial<RaftOptions> {
  /** Of the first members; other nodes begin with nothing. */
  readonly configuration?: Configuration;
  /** false: completions come only through sync(). */
  readonly autoSync?: boolean;
}

export class TestCluster {
  readonly nodes: readonly TestNode[];
  readonly configuration: Configuration;
  readonly oracles: Oracles = new Oracles();
  network: Flight[] = [];
  now: Micros = at(0);
  /** Links that lose everything. */
  cut: (from: NodeId, to: NodeId) => boolean = () => false;
  private healAt: Micros = NEVER;
  private readonly options: ClusterOptions;
  private proposed: number = 0;
  private readContext: number = 0;

  constructor(ids: readonly NodeId[], options: ClusterOptions = {}) {
    this.options = options;
    this.configuration = options.configuration ?? configurationOf(ids);
    this.nodes = ids.map((id) => new TestNode(id));
    for (const node of this.nodes) this.start(node.id);
  }

  node(id: NodeId): TestNode {
    const node = this.nodes.find((candidate) => candidate.id === id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }
  raft(id: NodeId): Raft {
    const { raft } = this.node(id);
    if (raft === undefined) throw new Error(`node ${id} is down`);
    return raft;
  }
  get leaders(): readonly Raft[] {
    return this.nodes.flatMap(({ raft }) => (raft?.role === 'leader' ? [raft] : []));
  }

  start(id: NodeId): void {
    const node = this.node(id);
    if (node.raft !== undefined) return;
    node.starts += 1;
    const random = Random.stream([7, id.charCodeAt(0), node.starts, 0], 'raft');
    node.raft = new Raft(
      {
        id,
        timing: TIMING,
        preVote: true,
        checkQuorum: true,
        random,
        buggify: () => false,
        noopData: () => new Uint8Array(0),
        snapshotToOffer: () => {
          const meta = node.disk.snapshot;
          return meta === undefined ? undefined : { meta, manifest: Uint8Array.of(meta.index % 256) };
        },
        ...this.options,
      },
      node.disk.recover(membersOf(this.configuration).includes(id) ? this.configuration : configurationOf([])),
      this.now,
    );
    this.oracles.started(node);
    this.after(node);
  }

  /** @param recordsKept how many records that were not durable survive nevertheless. */
  crash(id: NodeId, recordsKept: number = 0): void {
    const node = this.node(id);
    if (node.raft === undefined) return;
    node.disk.crash(recordsKept);
    node.raft = undefined;
    node.held = [];
    node.offered = undefined;
    this.oracles.crashed(id);
    this.oracles.check(this.nodes);
  }

  /** Delivers the flight at a position of the network; a node that is down loses it. */
  deliver(position: number): void {
    const [flight] = this.network.splice(position, 1);
    if (flight === undefined || this.cut(flight.from, flight.to)) return;
    const node = this.node(flight.to);
    if (node.raft === undefined) return;
    node.raft.step(this.now, flight.from, flight.message);
    this.after(node);
  }
  drop(position: number): void {
    this.network.splice(position, 1);
  }
  duplicate(position: number): void {
    const flight = this.network[position];
    if (flight !== undefined) this.network.push(flight);
  }

  /** The oldest batch of a node becomes durable. */
  sync(id: NodeId): void {
    const node = this.node(id);
    if (node.raft === undefined) return;
    const mark = node.disk.sync();
    if (mark === undefined) return;
    const released = node.held.filter((held) => held.mark <= mark);
    node.held = node.held.filter((held) => held.mark > mark);
    this.send(
      node,
      released.map((held) => held.outgoing),
    );
    node.raft.persisted(mark);
    this.after(node);
  }

  /** Time passes; every node that is up does what is due. */
  pass(micros: number): void {
    this.now = plus(this.now, micros);
    if (this.healAt <= this.now) this.heal();
    for (const node of this.nodes) this.tick(node.id);
  }
  /** One node is alone for a while. */
  isolateFor(micros: number, id: NodeId): void {
    this.isolate(id);
    this.healAt = plus(this.now, micros);
  }
  /** One node does what is due now. */
  tick(id: NodeId): void {
    const node = this.node(id);
    if (node.raft === undefined || node.raft.nextDeadline() > this.now) return;
    node.raft.deadline(this.now);
    this.after(node);
  }
  /** Time passes until something is due on the node. */
  passTo(id: NodeId): void {
    const due = this.node(id).raft?.nextDeadline() ?? NEVER;
    if (due === NEVER) return;
    if (due > this.now) this.now = due;
    this.tick(id);
  }

  campaign(id: NodeId): void {
    const node = this.node(id);
    node.raft?.campaign(this.now);
    this.after(node);
  }
  propose(id: NodeId): boolean {
    const node = this.node(id);
    if (node.raft === undefined) return false;
    this.proposed += 1;
    const result = node.raft.propose(this.now, [proposal(this.proposed >> 8, this.proposed & 255)]);
    this.after(node);
    return result.ok;
  }
  /** @returns the context, or 0 where there was nobody to ask. */
  read(id: NodeId): number {
    const node = this.node(id);
    if (node.raft === undefined) return 0;
    this.readContext += 1;
    this.oracles.invoked(this.readContext, id, this.nodes);
    const asked = node.raft.readIndex(this.now, this.readContext);
    if (!asked) this.oracles.refused(this.readContext);
    this.after(node);
    return asked ? this.readContext : 0;
  }
  transfer(id: NodeId, target: NodeId): boolean {
    const node = this.node(id);
    const began = node.raft?.transferLeadership(this.now, target) ?? false;
    this.after(node);
    return began;
  }

  /** @returns the refusal, or undefined where the change was appended. */
  change(id: NodeId, changes: readonly MemberChange[], options: Partial<ConfigurationChange> = {}): string | undefined {
    const node = this.node(id);
    const result = node.raft?.proposeConfiguration(this.now, { changes, transition: 'auto', epoch: undefined, ...options });
    this.after(node);
    return result === undefined || result.ok ? undefined : result.code;
  }

  /** The host makes a snapshot of everything committed durable, and the log begins behind it. */
  compact(id: NodeId): void {
    const node = this.node(id);
    const { raft } = node;
    if (raft === undefined || raft.commitIndex === 0) return;
    const index = Math.min(raft.commitIndex, raft.stableIndex) as LogIndex;
    if (index <= raft.baseIndex) return;
    node.disk.install(raft.snapshotMeta(index));
    raft.compactTo(index);
    this.after(node);
  }

  /** The host has fetched what it was asked to: it installs it behind everything that waits to be written. */
  install(id: NodeId): void {
    const node = this.node(id);
    const meta = node.offered;
    if (node.raft === undefined || meta === undefined) return;
    node.offered = undefined;
    while (node.disk.waiting > 0) this.sync(id);
    if (meta.index <= node.raft.commitIndex) return;
    node.disk.install(meta);
    node.raft.snapshotInstalled(this.now, meta);
    this.after(node);
  }

  /** The host could not fetch it. */
  failInstall(id: NodeId): void {
    const node = this.node(id);
    if (node.raft === undefined || node.offered === undefined) return;
    node.raft.snapshotFailed(this.now, node.offered);
    node.offered = undefined;
    this.after(node);
  }

  /** Delivers and syncs, oldest first, until nothing moves. Messages that lost() names are dropped. */
  settle(lost: (flight: Flight) => boolean = () => false): void {
    for (let round = 0; round < 10_000; round += 1) {
      for (const node of this.nodes) {
        while (node.raft !== undefined && node.disk.waiting > 0) this.sync(node.id);
        this.install(node.id);
      }
      const flight = this.network[0];
      if (flight === undefined) return;
      if (lost(flight)) this.drop(0);
      else this.deliver(0);
    }
    throw new Error('the network does not come to rest');
  }

  /** Makes a node leader of a healthy cluster. */
  elect(id: NodeId): Raft {
    this.campaign(id);
    this.settle();
    const raft = this.raft(id);
    if (raft.role !== 'leader') throw new Error(`${id} was not elected`);
    return raft;
  }
  isolate(...ids: readonly NodeId[]): void {
    this.cut = (from, to) => ids.includes(from) !== ids.includes(to);
  }
  heal(): void {
    this.cut = () => false;
    this.healAt = NEVER;
  }

  private after(node: TestNode): void {
    const { raft } = node;
    if (raft === undefined) return;
    for (let ready = raft.ready(); ready !== undefined; ready = raft.ready()) {
      node.readys.push(ready);
      node.disk.write(ready);
      this.oracles.handedOut(node, ready);
      if (ready.snapshot !== undefined) node.offered = ready.snapshot.meta;
      for (const outgoing of ready.messages) {
        if (outgoing.durable && node.disk.waiting > 0) node.held.push({ mark: ready.mark, outgoing });
        else this.send(node, [outgoing]);
      }
    }
    this.oracles.check(this.nodes);
    if (this.options.autoSync ?? false) while (node.disk.waiting > 0) this.sync(node.id);
  }

  private send(node: TestNode, outgoing: readonly OutgoingMessage[]): void {
    for (const { to, message } of outgoing) this.network.push({ from: node.id, to, message });
  }
}
