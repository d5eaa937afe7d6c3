/** What each group has committed, as first seen: shared by the oracles that speak of committed entries. */
import type { Entry } from '../../../core/raft/message.ts';
import type { GroupView } from './view.ts';
import { entryOf } from './watch.ts';

export interface Committed {
  readonly entry: Entry;
  /** Term of the node on which the commit was first seen: at least the term it was committed in. */
  readonly seenInTerm: number;
}

export class Commitments {
  private readonly groups: Map<number, Committed[]> = new Map();

  /** Committed entries of a group by index - 1. */
  of(group: number): readonly Committed[] {
    return this.groups.get(group) ?? [];
  }

  /** Takes over what the view committed beyond what is known. */
  learn(view: GroupView): void {
    let list = this.groups.get(view.group);
    if (list === undefined) {
      list = [];
      this.groups.set(view.group, list);
    }
    for (let index = list.length + 1; index <= view.commit; index += 1) {
      list.push({ entry: entryOf(view, index), seenInTerm: view.term });
    }
  }
}
