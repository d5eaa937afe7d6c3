/**
 * Leases are exclusive in true time: as long as a leader's own clock says that it holds a lease, nobody leads a newer term.
 * Stronger than "no two leases at once": a newer leader may commit before it holds a lease of its own. Transfers are no
 * exception, because a leader gives up its lease before it asks for one.
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

export class LeaseExclusive implements Observer<VouchShape, Replica> {
  readonly name: string = 'lease-exclusive';
  readonly claim: string = 'While a leader holds a lease by its own clock, nobody leads a newer term of its group.';
  private readonly nodes: readonly VouchNode[];
  private readonly groups: readonly GroupId[];
  private readonly trueTime: () => number;

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[], trueTime: () => number) {
    this.nodes = nodes;
    this.groups = groups;
    this.trueTime = trueTime;
  }

  stepped(node: VouchNode): void {
    for (const group of this.groups) {
      const leader = leaderAt(node, group);
      if (leader === undefined) continue;
      for (const other of this.nodes) {
        const rival = other === node ? undefined : leaderAt(other, group);
        if (rival !== undefined) this.judge(group, leader, rival);
      }
    }
  }

  private judge(group: GroupId, a: Leader, b: Leader): void {
    const [older, newer] = a.raft.term < b.raft.term ? [a, b] : [b, a];
    const now = this.trueTime();
    if (!older.raft.holdsLease(older.node.clock.now(now))) return;
    const { index } = older.node;
    throw new Violation(
      this.name,
      `group ${group}: node ${index} holds a lease of term ${older.raft.term} while node ${newer.node.index} leads term ${newer.raft.term}`,
      'safety',
      {
        group,
        nodes: [newer.node.index, index],
        term: newer.raft.term,
        at: now,
        facts: [
          `Node ${newer.node.index} leads group ${group} in term ${newer.raft.term} at ${seconds(now)}.`,
          `By its own clock node ${index} still holds the lease of term ${older.raft.term}.`,
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
