/** The oracle of votes objects where the voter's log is ahead of the candidate's, and nowhere else. */
import { describe, expect, test } from 'vitest';
import type { GroupId, LogIndex, NodeId, Seq, Term } from '../../../core/ids.ts';
import { GroupView } from '../../../sim/check/raft/view.ts';
import { VotesForUpToDate } from '../../../sim/check/raft/votes-for-up-to-date.ts';

const GROUP = 1 as GroupId;
const TERM = 9;

function viewOf(node: number, terms: readonly number[]): GroupView {
  const view = new GroupView({ node, id: `node-${node}` as NodeId, group: GROUP, committedTerm: () => undefined });
  view.terms.push(...terms);
  return view;
}

/** Lets a candidate with one log ask a voter with another, who says yes. */
function vote(candidateLog: readonly number[], voterLog: readonly number[]): () => void {
  const oracle = new VotesForUpToDate();
  const candidate = viewOf(0, candidateLog);
  const voter = viewOf(1, voterLog);
  const message = {
    kind: 'requestVote',
    term: TERM as Term,
    lastIndex: candidateLog.length as LogIndex,
    lastTerm: (candidateLog.at(-1) ?? 0) as Term,
    transfer: false,
  } as const;
  oracle.leaving(candidate, { kind: 'send', to: voter.id, after: 0 as Seq, envelope: { group: GROUP, message } });
  return () => oracle.voted(voter, TERM, candidate.id);
}

describe('a vote', () => {
  test('for an equal, a longer or a newer log is fine', () => {
    expect(vote([], [])).not.toThrow();
    expect(vote([1, 1], [1, 1])).not.toThrow();
    expect(vote([1, 1, 1], [1, 1])).not.toThrow();
    expect(vote([1, 3], [1, 2, 2, 2])).not.toThrow();
  });

  test('for a shorter log of the same term is told', () => {
    expect(vote([1, 1], [1, 1, 1])).toThrow(/node 1 votes in term 9 for node 0, whose log is less up-to-date/);
    expect(vote([], [1])).toThrow(/less up-to-date/);
  });

  test('for a longer log of an older term is told', () => {
    expect(vote([1, 2, 2, 2, 2], [1, 3])).toThrow(/less up-to-date/);
  });

  test('for somebody who was not seen to ask is not judged', () => {
    expect(() => new VotesForUpToDate().voted(viewOf(1, [1]), TERM, 'node-0' as NodeId)).not.toThrow();
  });
});
