/**
 * The other side of recovering.ts: what a healthy replica does for a damaged one. Everybody tells its term. A leader that the
 * damaged node may have promised something to, or something against, gives way to one of a later term, in whose election that node
 * had no part; the leader of such a term offers a snapshot that ends with an entry of its own, and has one written where it has none.
 */
import { type GroupId, INDEX_ZERO, type Micros, maxOf, type NodeId, plus, TERM_ZERO, type Term } from '../ids.ts';
import type { ReplicaGroup } from './group.ts';
import type { HibernationHost } from './hibernation.ts';
import type { RecoveryMessage } from './recovering.ts';
import type { Snapshots } from './snapshots.ts';

type Host = Pick<HibernationHost, 'now' | 'guarded' | 'send' | 'mark'>;

export class RecoveryHelp {
  private readonly node: Host;
  private readonly snapshots: Pick<Snapshots, 'offerOf' | 'renew'>;
  /** Of the present step. */
  private readonly wall: () => Micros;

  constructor(node: Host, snapshots: Pick<Snapshots, 'offerOf' | 'renew'>, wall: () => Micros) {
    this.node = node;
    this.snapshots = snapshots;
    this.wall = wall;
  }

  message(from: NodeId, group: ReplicaGroup, message: RecoveryMessage): void {
    switch (message.kind) {
      case 'termAsked':
        return this.tell(from, group, message.nonce);
      case 'termTold':
        return this.node.guarded(group, () => group.recovering?.heard(from, message));
      case 'stateAsked':
        if (!group.quarantined) this.node.guarded(group, () => this.serve(from, group, message.above));
        return;
    }
  }

  /** A node that never had the group has no term in it. */
  tellNone(from: NodeId, group: GroupId, nonce: number): void {
    this.node.send(from, group, { kind: 'termTold', nonce, term: TERM_ZERO });
  }

  /** Who does not know its own term for sure says nothing: what it would say may be too low. */
  private tell(from: NodeId, group: ReplicaGroup, nonce: number): void {
    const { term } = group.raft;
    const bound = group.quarantined ? group.recovering?.above : term;
    if (bound === undefined) return this.node.mark('replica.forgotten-term-not-told');
    this.node.send(from, group.id, { kind: 'termTold', nonce, term: maxOf(term, bound) });
  }

  private serve(from: NodeId, group: ReplicaGroup, above: Term): void {
    const { node, snapshots, wall } = this;
    const { raft } = group;
    if (raft.role !== 'leader' || !group.hasMember(from)) return;
    if (raft.term <= above) {
      node.mark('replica.leader-gives-way-to-recovery');
      const ask = { kind: 'appendResponse', ok: false, index: INDEX_ZERO, hintIndex: INDEX_ZERO, hintTerm: TERM_ZERO } as const;
      return group.message(node.now(), wall(), from, { ...ask, term: plus(above, 1) });
    }
    const offer = snapshots.offerOf(group.id);
    if (offer !== undefined && offer.meta.term > above) return group.offerSnapshot(node.now(), from);
    const isWorthIt = raft.snapshotMeta(group.state.lastApplied).term > above;
    if (isWorthIt) snapshots.renew(group);
  }
}
