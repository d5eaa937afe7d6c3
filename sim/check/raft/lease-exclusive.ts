/**
 * Leases are exclusive in true time: as long as a leader's own clock says that it holds a lease, nobody has been elected in a
 * newer term. Stronger than "no two leases at once": a newer leader may commit before it holds a lease of its own, and may be
 * gone again. Transfers are no exception, because a leader gives up its lease before it asks for one.
 * Judged whenever a leader has taken a step: leases begin, and leaders are elected, in steps only, and clocks never go back.
 * A group that a step does not concern is looked at all the same where its leader has been replaced and does not know: what
 * renews the lease of a sleeping group is not of that group.
 */
import type { GroupId } from '../../../core/ids.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { type Observer, Violation } from '../../observer.ts';
import { seconds } from '../../record/time.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from './watch.ts';

interface Leader {
  readonly node: VouchNode;
  readonly raft: Raft;
}

/** The newest election of a group. */
interface Newest {
  readonly term: number;
  readonly node: number;
}

export class LeaseExclusive implements Observer<VouchShape, Replica> {
  readonly name: string = 'lease-exclusive';
  readonly claim: string = 'While a leader holds a lease by its own clock, nobody has been elected in a newer term of its group.';
  private readonly nodes: readonly VouchNode[];
  private readonly trueTime: () => number;
  private readonly newest: Map<GroupId, Newest> = new Map();
  /** Groups in which each node leads without knowing that somebody was elected in a newer term. */
  private readonly replaced: readonly Set<GroupId>[];

  constructor(nodes: readonly VouchNode[], trueTime: () => number) {
    this.nodes = nodes;
    this.trueTime = trueTime;
    this.replaced = nodes.map(() => new Set());
  }

  stepped(node: VouchNode): void {
    for (const group of this.replacedAt(node)) this.look(node, group);
    for (const { group } of node.core?.touchedGroups() ?? []) this.look(node, group.id);
  }

  private look(node: VouchNode, group: GroupId): void {
    const leader = leaderAt(node, group);
    const newest = this.newest.get(group);
    if (leader !== undefined && newest !== undefined && leader.raft.term < newest.term) {
      this.replacedAt(node).add(group);
      return this.judge(group, leader, newest);
    }
    this.replacedAt(node).delete(group);
    if (leader !== undefined && leader.raft.term > (newest?.term ?? 0)) this.elected(group, leader);
  }

  private elected(group: GroupId, { node, raft }: Leader): void {
    this.newest.set(group, { term: raft.term, node: node.index });
    for (const other of this.nodes) if (other !== node) this.look(other, group);
  }

  private replacedAt(node: VouchNode): Set<GroupId> {
    return this.replaced[node.index] as Set<GroupId>;
  }

  private judge(group: GroupId, { node, raft }: Leader, newest: Newest): void {
    const now = this.trueTime();
    if (raft.term >= newest.term || !raft.holdsLease(node.clock.now(now))) return;
    const { index } = node;
    throw new Violation(
      this.name,
      `group ${group}: node ${index} holds a lease of term ${raft.term}; node ${newest.node} has been elected in term ${newest.term}`,
      'safety',
      {
        group,
        nodes: [newest.node, index],
        term: newest.term,
        at: now,
        facts: [
          `Node ${newest.node} has been elected in term ${newest.term} of group ${group} by ${seconds(now)}.`,
          `By its own clock node ${index} still holds the lease of term ${raft.term}.`,
        ],
      },
    );
  }
}

function leaderAt(node: VouchNode, group: GroupId): Leader | undefined {
  if (!node.running) return undefined;
  const replica = node.core?.group(group);
  if (replica === undefined || replica.quarantined || replica.raft.role !== 'leader') return undefined;
  return { node, raft: replica.raft };
}
