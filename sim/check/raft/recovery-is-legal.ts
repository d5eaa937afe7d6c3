/**
 * What a node recovers is what was durable, plus at most a prefix of what was on its way to the disk when it died.
 * Nothing reported durable is missing, nothing unheard of appears. Source: 30-storage, "Recovery"; Pillai et al. 2014.
 */
import type { Raft } from '../../../core/raft/raft.ts';
import { type Evidence, Violation } from '../../observer.ts';
import { applyTo, type GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class RecoveryIsLegal implements RaftOracle {
  readonly name: string = 'recovery-is-legal';
  readonly claim: string = 'A restart recovers everything durable, and beyond it only a prefix of what was being written.';

  recovered(view: GroupView, raft: Raft): void {
    const log: number[] = [];
    for (let index = 1; index <= raft.lastIndex; index += 1) log.push(view.termAt(raft, index));
    this.checkLog(view, log);
    this.checkHardState(view, raft);
  }

  joined(view: GroupView): void {
    if (view.durableTerm === 0 && view.durableTerms.length === 0) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} begins it anew where ${view.durableTerms.length} entries of term ${view.durableTerm} were durable`,
      'safety',
      about(view, [
        `The disk of node ${view.node} was sure to hold ${view.durableTerms.length} entries and term ${view.durableTerm}.`,
        `Node ${view.node} began the group as if it had never been of it: it has forgotten its votes.`,
      ]),
    );
  }

  private checkLog(view: GroupView, log: readonly number[]): void {
    const state = [...view.durableTerms];
    if (isSame(log, state)) return;
    for (const change of view.pending) {
      // A truncate record may have reached the disk without all of the entries behind it.
      const kept = change.from === 0 ? state.length : change.from - 1;
      applyTo(state, change);
      if (log.length >= kept && isPrefix(log, state)) return;
    }
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} recovered ${log.length} entries where ${view.durableTerms.length} were durable and ${view.pending.length} changes pending`,
      'safety',
      about(view, [
        `The disk of node ${view.node} was sure to hold ${view.durableTerms.length} entries, with ${view.pending.length} more changes on their way to it.`,
        `When node ${view.node} was opened again it had a log of ${log.length} entries, which is none that a crash can leave behind.`,
      ]),
    );
  }

  private checkHardState(view: GroupView, raft: Raft): void {
    const { term, votedFor } = raft;
    if (term < view.durableTerm) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} recovered term ${term}, ${view.durableTerm} was durable`,
        'safety',
        about(view, [
          `The disk of node ${view.node} was sure to hold term ${view.durableTerm}.`,
          `When node ${view.node} was opened again it was in term ${term}.`,
        ]),
      );
    }
    if (term === view.durableTerm && view.durableVote !== undefined && votedFor !== view.durableVote) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} forgot its vote of term ${term}`,
        'safety',
        about(view, [
          `The disk of node ${view.node} was sure to hold its vote of term ${term}.`,
          `When node ${view.node} was opened again it knew of ${votedFor === undefined ? 'no' : 'another'} vote in that term.`,
        ]),
      );
    }
    const known = term === view.durableTerm || view.pending.some((change) => change.term === term);
    if (!known)
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} recovered term ${term}, which it never had`,
        'safety',
        about(view, [
          `Node ${view.node} had never been in term ${term} before it went down.`,
          `When node ${view.node} was opened again it was in term ${term}.`,
        ]),
      );
  }
}

function about(view: GroupView, facts: readonly [string, string]): Evidence {
  return { group: view.group, nodes: [view.node], facts };
}

function isPrefix(shorter: readonly number[], longer: readonly number[]): boolean {
  return shorter.length <= longer.length && shorter.every((term, position) => term === longer[position]);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && isPrefix(a, b);
}
