/**
 * A leader that retries sends what is missing. Seen from the follower: it does not acknowledge the same place again and
 * again, in answer to empty appends, while its leader holds entries behind it. Between two of those acknowledgements the
 * leader has heard from it, else a link that is closed in one direction would do. Source: Ongaro 2014, 3.5, 10.2.1.
 */
import type { NodeId } from '../../../core/ids.ts';
import type { MessageOf } from '../../../core/raft/message.ts';
import { Violation } from '../../observer.ts';
import type { SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

/** Acknowledgements in a row: more than an echo can repeat, few enough for the quiet between two writes. */
const FRUITLESS_MAX = 16;

interface Streak {
  term: number;
  index: number;
  count: number;
  /** When the leader had last heard from the follower as the last one was counted, on the leader's clock. */
  heard: number;
}

export class RetriesCarryEntries implements RaftOracle {
  readonly name: string = 'retries-carry-entries';
  readonly claim: string = 'A leader that hears from a follower sends it the entries it lacks.';
  private readonly replicas: (group: number) => readonly GroupView[];
  private readonly streaks: Map<GroupView, Streak> = new Map();

  constructor(replicas: (group: number) => readonly GroupView[]) {
    this.replicas = replicas;
  }

  leaving(view: GroupView, effect: SendEffect<VouchShape>): void {
    const { message } = effect.envelope;
    if (message.kind === 'appendResponse') this.answered(view, effect.to, message);
  }

  private answered(view: GroupView, to: NodeId, { term, ok, index: acknowledged }: MessageOf<'appendResponse'>): void {
    const index = ok ? acknowledged : -1;
    const streak = this.streakOf(view);
    const leader = this.replicas(view.group).find(({ id }) => id === to);
    const isFruitless =
      leader?.role === 'leader' &&
      leader.term === term &&
      leader.last > index &&
      index >= 0 &&
      leader.terms[index] !== view.terms[index];
    if (!isFruitless || streak.term !== term || streak.index !== index) {
      streak.term = term;
      streak.index = index;
      streak.count = 0;
      return;
    }
    const heard = leader.raft?.status().peers.find(({ id }) => id === view.id)?.lastHeard ?? 0;
    if (heard === streak.heard) return;
    streak.heard = heard;
    streak.count += 1;
    if (streak.count < FRUITLESS_MAX) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} lacks entry ${index + 1}, and its leader ${leader.node} never sends it`,
      'liveness',
      {
        group: view.group,
        nodes: [leader.node, view.node],
        term,
        index: index + 1,
        facts: [
          `Leader ${leader.node} holds entries up to ${leader.last} and hears from node ${view.node}.`,
          `Node ${view.node} has acknowledged entry ${index} ${streak.count} times in a row and was sent nothing behind it.`,
        ],
      },
    );
  }

  private streakOf(view: GroupView): Streak {
    let streak = this.streaks.get(view);
    if (streak === undefined) {
      streak = { term: 0, index: 0, count: 0, heard: 0 };
      this.streaks.set(view, streak);
    }
    return streak;
  }
}
