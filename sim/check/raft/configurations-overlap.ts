/**
 * Whoever decides by one configuration and whoever decides by the next share a node: one voter changes at a time, a joint
 * configuration is entered from its outgoing half and left into its incoming one, and a leader has one change on its way.
 * Source: Ongaro 2014, 4.1 and 4.3.
 */
import type { LogIndex } from '../../../core/ids.ts';
import { differingVoters, isJoint } from '../../../core/raft/configuration.ts';
import { decodeConfiguration } from '../../../core/raft/configuration-bytes.ts';
import { type Configuration, EntryKind } from '../../../core/raft/message.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

/** Whether every quorum of the one shares a node with every quorum of the other, where the newer follows the older. */
export function quorumsOverlap(older: Configuration, newer: Configuration): boolean {
  if (isJoint(newer)) return !isJoint(older) && newer.votersOutgoing.join() === older.voters.join();
  if (isJoint(older)) return newer.voters.join() === older.voters.join();
  return differingVoters(older, newer) <= 1;
}

interface Known {
  readonly index: number;
  readonly configuration: Configuration;
}

export class ConfigurationsOverlap implements RaftOracle {
  readonly name: string = 'configurations-overlap';
  readonly claim: string = 'Quorums of one configuration and of the next share a node, and a leader has one change on its way.';
  /** Highest index that is committed anywhere, by group. */
  private readonly committedIn: (group: number) => number;

  constructor(committedIn: (group: number) => number) {
    this.committedIn = committedIn;
  }

  appended(view: GroupView, from: number): void {
    const raft = view.raft as Raft;
    for (let index = from; index <= view.last; index += 1) {
      const entry = raft.entry(index as LogIndex);
      if (entry?.kind !== EntryKind.configuration) continue;
      const newer = decodeConfiguration(entry.data) as Configuration;
      this.judge(view, raft, knownBefore(raft, index), { index, configuration: newer });
    }
  }

  private judge(view: GroupView, raft: Raft, older: Known, newer: Known): void {
    const overlap = quorumsOverlap(older.configuration, newer.configuration);
    const isAlone = raft.role !== 'leader' || older.index <= Math.max(raft.commitIndex, this.committedIn(view.group));
    if (overlap && isAlone) return;
    const what = overlap
      ? `entry ${newer.index} changes a configuration that entry ${older.index} changes too, which is not committed`
      : `quorums before and after entry ${newer.index} need not share a node`;
    throw new Violation(this.name, `group ${view.group}: node ${view.node}: ${what}`, 'safety', {
      group: view.group,
      nodes: [view.node],
      term: view.term,
      index: newer.index,
      facts: [
        `Before: ${JSON.stringify(older.configuration)} of entry ${older.index}.`,
        `After: ${JSON.stringify(newer.configuration)} of entry ${newer.index}.`,
      ],
    });
  }
}

/** The configuration that was in force when the entry at index was appended. */
function knownBefore(raft: Raft, index: number): Known {
  for (let before = index - 1; before > raft.baseIndex; before -= 1) {
    const entry = raft.entry(before as LogIndex);
    if (entry?.kind === EntryKind.configuration) {
      return { index: before, configuration: decodeConfiguration(entry.data) as Configuration };
    }
  }
  return { index: raft.baseIndex, configuration: raft.snapshotMeta(raft.baseIndex).configuration };
}
