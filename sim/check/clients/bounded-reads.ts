/**
 * A bounded read misses nothing that was committed, anywhere, longer ago than it allowed when its node took it. The node
 * counts on a clock that runs at 1 ± ε, so what it takes for MS may be MS / (1 - ε) of true time. Like reads-see-commits, of
 * which this is the weaker brother, it does not ask whether anybody was told of the commit.
 */
import type { GroupId } from '../../../core/ids.ts';
import { PPM } from '../../../core/limits.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { ReplyEffect, SendEffect, SimInput } from '../../protocol.ts';
import { seconds } from '../../record/time.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';

interface Asked {
  readonly group: GroupId;
  /** What was committed by then must be in the answer; true time. */
  readonly since: number;
}

/** From a true time on, this much was committed. */
interface Committed {
  readonly time: number;
  readonly index: number;
}

export interface BoundedReadsOptions {
  readonly committedIn: (group: GroupId) => number;
  readonly trueTime: () => number;
  /** Bound on the rates of all clocks in this world. */
  readonly ratePpm: () => number;
}

export class BoundedReads implements Observer<VouchShape, Replica> {
  readonly name: string = 'bounded-reads';
  readonly claim: string = 'A bounded read misses nothing that was committed longer ago than it allowed.';
  private readonly options: BoundedReadsOptions;
  private readonly commits: Map<GroupId, Committed[]> = new Map();
  /** Groups in which more was committed in the last step. */
  private readonly moved: Set<GroupId> = new Set();
  private readonly asked: Map<number, Asked> = new Map();
  /** Answered in the very step of their request. */
  private readonly atOnce: Set<number> = new Set();

  /** Stands before the observer that counts commits, so it knows them as of before the present step. */
  constructor(options: BoundedReadsOptions) {
    this.options = options;
  }

  /** More is committed in the group than ever before. */
  committed(group: GroupId): void {
    this.moved.add(group);
  }

  stepped(node: VouchNode, input: SimInput<VouchShape>): void {
    this.note();
    if (input.kind !== 'request') return;
    const { id, body } = input;
    const isAnswered = this.atOnce.delete(id);
    if (body.kind !== 'query' || typeof body.consistency === 'string' || body.at.kind !== 'newest') return;
    const slack = ((body.consistency.boundedMs * 1000 + 1) * PPM) / (PPM - this.options.ratePpm());
    const asked = { group: body.group, since: this.options.trueTime() - slack };
    if (isAnswered) this.judge(node, asked);
    else this.asked.set(id, asked);
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind !== 'reply') return;
    const asked = this.asked.get(effect.id);
    this.asked.delete(effect.id);
    if (!('anchor' in effect.result)) return;
    if (asked === undefined) this.atOnce.add(effect.id);
    else this.judge(node, asked);
  }

  private note(): void {
    if (this.moved.size === 0) return;
    for (const group of this.moved) {
      const commits = this.commits.get(group) ?? [];
      this.commits.set(group, commits);
      commits.push({ time: this.options.trueTime(), index: this.options.committedIn(group) });
    }
    this.moved.clear();
  }

  private judge(node: VouchNode, { group, since }: Asked): void {
    const floor = this.committedBefore(group, since);
    const applied = (node.core as Replica).group(group)?.state.lastApplied ?? 0;
    if (applied >= floor) return;
    throw new Violation(
      this.name,
      `group ${group}: node ${node.index} answers a bounded read at entry ${applied}; entry ${floor} was committed before ${seconds(since)}`,
      'safety',
      {
        group,
        nodes: [node.index],
        index: floor,
        facts: [
          `Entry ${floor} of group ${group} was committed before ${seconds(since)}, as far back as the read allowed.`,
          `Node ${node.index} answered it having applied no more than entry ${applied}.`,
        ],
      },
    );
  }

  private committedBefore(group: GroupId, time: number): number {
    const commits = this.commits.get(group) ?? [];
    for (let at = commits.length - 1; at >= 0; at -= 1) {
      const { time: from, index } = commits[at] as Committed;
      if (from < time) return index;
    }
    return 0;
  }
}
