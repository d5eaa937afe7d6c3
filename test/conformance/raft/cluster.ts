/** The nodes of a scenario and what is on its way between them; stabilizing them in the order of etcd/raft's rafttest. */
import { type LogIndex, plus, TERM_ZERO } from '../../../core/ids.ts';
import type { ConfigurationChange } from '../../../core/raft/membership.ts';
import { configurationOf, EntryKind, type SnapshotMeta } from '../../../core/raft/message.ts';
import type { ProposeResult } from '../../../core/raft/ready.ts';
import { idOf, numberOf } from './names.ts';
import { type Flight, type NodeOptions, ScenarioNode, TICK_MICROS } from './node.ts';

const NOTHING = new Uint8Array(0);

export class Cluster {
  readonly nodes: ScenarioNode[] = [];
  private network: Flight[] = [];
  private readonly texts: WeakMap<Uint8Array, string> = new WeakMap();

  node(number: number): ScenarioNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }

  /** Adds nodes that begin from one snapshot, with consecutive numbers. */
  add(
    count: number,
    base: { readonly index: number; readonly voters: readonly number[]; readonly learners: readonly number[] },
    options: Omit<NodeOptions, 'number' | 'base'>,
  ): void {
    // The corpus gives the snapshot term 1 and the nodes term 0. A log's term is never above its node's here: both are 0.
    const configuration = configurationOf(base.voters.map(idOf).sort(), base.learners.map(idOf).sort());
    const meta: SnapshotMeta = { index: base.index as LogIndex, term: TERM_ZERO, configuration };
    for (let i = 0; i < count; i += 1) {
      const number = this.nodes.length + 1;
      const send = (flight: Flight): void => void this.network.push(flight);
      this.nodes.push(new ScenarioNode({ ...options, number, base: meta }, send, this.texts));
    }
  }

  tick(number: number, count: number): void {
    const node = this.node(number);
    for (let i = 0; i < count; i += 1) {
      node.now = plus(node.now, TICK_MICROS);
      node.raft.deadline(node.now);
      node.note();
    }
  }

  /** Delivers everything for a node, of one kind where one is named. @returns whether there was anything. */
  deliver(number: number, kind?: string): boolean {
    const mine = this.take((flight) => flight.to === number && (kind === undefined || kindOf(flight) === kind));
    for (const flight of mine) this.receive(this.node(number), flight);
    return mine.length > 0;
  }

  /** Loses everything for a node; the node may not exist. What a node tells itself is not lost. */
  drop(number: number, kind?: string): void {
    this.take((flight) => flight.to === number && flight.from !== number && (kind === undefined || kindOf(flight) === kind));
  }

  /** @param numbers all nodes where none is named. */
  stabilize(numbers: readonly number[]): void {
    const nodes = numbers.length === 0 ? this.nodes : numbers.map((number) => this.node(number));
    for (let round = 0; round < 10_000; round += 1) {
      let moved = false;
      for (const node of nodes) moved = node.processReady() || moved;
      for (const node of nodes) moved = this.deliver(node.number) || moved;
      for (const node of nodes) while (node.processAppend()) moved = true;
      for (const node of nodes) while (node.processApply()) moved = true;
      for (const node of nodes) this.proposeWaiting(node);
      if (!moved) return;
    }
    throw new Error('the cluster does not come to rest');
  }

  /** A client's proposal at a node; one that does not lead hands it on. @returns false where nobody takes it. */
  propose(node: ScenarioNode, data: Uint8Array): boolean {
    if (node.waiting.length > 0 && node.raft.role === 'leader') this.proposeWaiting(node);
    const result = node.raft.propose(node.now, [{ kind: EntryKind.normal, data }]);
    node.note();
    return result.ok || this.handOn(node, result, { kind: 'proposal', data });
  }

  change(node: ScenarioNode, change: ConfigurationChange, text: string): boolean {
    if (node.raft.role !== 'leader') {
      return this.handOn(node, { ok: false, code: 'not_leader', leader: node.raft.leader }, { kind: 'change', change, text });
    }
    node.waiting.push({ change, text });
    this.proposeWaiting(node);
    return true;
  }

  /** A snapshot as a leader would offer it, by hand: the sender's progress does not know of it. */
  sendSnapshot(from: number, to: number): void {
    const { raft, snapshots } = this.node(from);
    const { index, term: indexTerm, configuration } = snapshots.at(-1) as SnapshotMeta;
    const message = { kind: 'installSnapshot', term: raft.term, index, indexTerm, configuration, manifest: NOTHING } as const;
    this.network.push({ from, to, load: { kind: 'message', message } });
  }

  compact(number: number, index: number): void {
    const node = this.node(number);
    const base = node.raft.compactTo(index as LogIndex);
    node.stored.splice(0, base - node.storedBase);
    node.storedBase = base;
  }

  private handOn(node: ScenarioNode, result: Exclude<ProposeResult, { ok: true }>, load: Flight['load']): boolean {
    if (result.code !== 'not_leader' || result.leader === undefined || result.leader === node.id) return false;
    if (node.raft.role === 'leader') return false;
    this.network.push({ from: node.number, to: numberOf(result.leader), load });
    return true;
  }

  private take(isTaken: (flight: Flight) => boolean): readonly Flight[] {
    const taken = this.network.filter(isTaken);
    this.network = this.network.filter((flight) => !isTaken(flight));
    return taken;
  }

  private receive(node: ScenarioNode, { from, load }: Flight): void {
    switch (load.kind) {
      case 'message':
        node.raft.step(node.now, idOf(from), load.message);
        break;
      case 'persisted':
        node.raft.persisted(load.mark);
        break;
      case 'applied':
        break;
      case 'proposal':
        this.propose(node, load.data);
        break;
      case 'change':
        this.change(node, load.change, load.text);
        break;
    }
    node.note();
    this.proposeWaiting(node);
  }

  /**
   * Changes wait for the term's first commit, which etcd/raft does not ask for; whatever else refuses one turns it into an
   * empty entry, as it does there.
   */
  private proposeWaiting(node: ScenarioNode): void {
    for (let next = node.waiting[0]; next !== undefined; next = node.waiting[0]) {
      const { change, text } = next;
      const result = node.raft.proposeConfiguration(node.now, change);
      if (!result.ok && result.code === 'no_own_term_commit') return;
      node.waiting.shift();
      if (result.ok) this.texts.set((node.raft.entry(result.index) as { readonly data: Uint8Array }).data, text);
      else if (result.code !== 'not_leader') node.raft.propose(node.now, [{ kind: EntryKind.normal, data: NOTHING }]);
      node.note();
    }
  }
}

/** etcd/raft's names of messages, as far as a scenario may choose by them. */
const KINDS: Record<string, string> = {
  appendEntries: 'MsgApp',
  appendResponse: 'MsgAppResp',
  heartbeat: 'MsgHeartbeat',
  heartbeatResponse: 'MsgHeartbeatResp',
  requestVote: 'MsgVote',
  requestVoteResponse: 'MsgVoteResp',
  preVote: 'MsgPreVote',
  preVoteResponse: 'MsgPreVoteResp',
  timeoutNow: 'MsgTimeoutNow',
  installSnapshot: 'MsgSnap',
};
function kindOf({ load }: Flight): string {
  return load.kind === 'message' ? (KINDS[load.message.kind] ?? '') : 'MsgProp';
}
