/**
 * Leases are exclusive in true time: as long as a leader's own clock says that it holds a lease, nobody has been elected in a
 * newer term. Stronger than "no two leases at once": a newer leader may commit before it holds a lease of its own, and may be
 * gone again. Transfers are no exception, because a leader gives up its lease before it asks for one.
 * Judged whenever a leader has taken a step: leases begin, and leaders are elected, in steps only, and clocks never go back.
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
  private readonly groups: readonly GroupId[];
  private readonly trueTime: () => number;
  private readonly newest: Map<GroupId, Newest> = new Map();

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[], trueTime: () => number) {
    this.nodes = nodes;
    this.groups = groups;
    this.trueTime = trueTime;
  }

  stepped(node: VouchNode): void {
    for (const group of this.groups) {
      const leader = leaderAt(node, group);
      if (leader === undefined) continue;
      const newest = this.newest.get(group);
      if (newest === undefined || leader.raft.term > newest.term) this.elected(group, leader);
      else if (leader.raft.term < newest.term) this.judge(group, leader, newest);
    }
  }

  private elected(group: GroupId, { node, raft }: Leader): void {
    const newest = { term: raft.term, node: node.index };
    this.newest.set(group, newest);
    for (const other of this.nodes) {
      const older = other === node ? undefined : leaderAt(other, group);
      if (older !== undefined) this.judge(group, older, newest);
    }
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
