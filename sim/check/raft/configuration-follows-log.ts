/**
 * The configuration by which a node counts votes and copies is the newest one in its log, committed or not; and when the log loses that
 * entry, the one before is in force again. Source: Ongaro 2014, 4.1.
 */
import { membersOf } from '../../../core/raft/configuration.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class ConfigurationFollowsLog implements RaftOracle {
  readonly name: string = 'configuration-follows-log';
  readonly claim: string = 'The configuration in force on a node is the newest one in its log.';
  /** Index of the configuration that was in force when this was looked at last. */
  private readonly known: Map<GroupView, number> = new Map();

  appended(view: GroupView): void {
    const { index } = (view.raft as Raft).newestConfiguration;
    if (this.known.get(view) === index) return;
    this.known.set(view, index);
    this.judge(view, view.raft as Raft);
  }

  truncated(view: GroupView): void {
    this.known.delete(view);
    this.judge(view, view.raft as Raft);
  }

  private judge(view: GroupView, raft: Raft): void {
    const { index, configuration } = raft.newestConfiguration;
    const inForce = raft.status().configuration;
    if (index <= raft.lastIndex && JSON.stringify(inForce) === JSON.stringify(configuration)) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} goes by other members than its log, which ends at ${raft.lastIndex}, names at ${index}`,
      'safety',
      {
        group: view.group,
        nodes: [view.node],
        term: view.term,
        index,
        facts: [`Its log names ${membersOf(configuration).join(', ')}.`, `It goes by ${membersOf(inForce).join(', ')}.`],
      },
    );
  }
}
