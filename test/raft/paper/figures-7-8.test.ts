/** Figures 7 and 8 of the Raft paper (Ongaro & Ousterhout 2014): logs that may be met, and commits that must not be counted. */
import { describe, expect, test } from 'vitest';
import { A, ack, append, at, B, boot, bootLeader, C, D, drain, grant, NODES, sent, termsOf } from '../support.ts';

describe('figures 7 and 8', () => {
  const leaderLog = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  test.each([
    ['a', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b', [1, 1, 1, 4]],
    ['c', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e', [1, 1, 1, 4, 4, 4, 4]],
    ['f', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])('figure 7 %s: the follower ends with the leader’s log, within one refusal per term of conflict', (_, followerLog) => {
    const leader = boot({ id: A, voters: [A, B, C], log: leaderLog, term: 7 });
    const follower = boot({ id: B, voters: [A, B, C], log: followerLog, term: 7 });
    leader.campaign(at(0));
    drain(leader);
    grant(leader, C);
    let refusals = 0;
    for (let round = 0; round < 20; round += 1) {
      for (const { to, message } of sent(leader)) if (to === B) follower.step(at(0), A, message);
      for (const { message } of sent(follower)) {
        if (message.kind === 'appendResponse' && !message.ok) refusals += 1;
        leader.step(at(0), B, message);
      }
    }
    expect(termsOf(follower)).toEqual([...leaderLog, 8]);
    expect(refusals).toBeLessThanOrEqual(2);
  });

  test('figure 8: an entry of an older term on a majority is not committed by counting, but with one of the own term', () => {
    const raft = bootLeader({ voters: NODES, log: [1, 2], term: 3 });
    expect(raft.term).toBe(4);
    ack(raft, B, 2);
    ack(raft, C, 2);
    expect(raft.commitIndex).toBe(0);
    ack(raft, B, 3);
    ack(raft, C, 3);
    expect(raft.commitIndex).toBe(3);
  });

  test('figure 8 (c) to (d): the uncounted entry may be replaced by a later leader', () => {
    const raft = bootLeader({ voters: NODES, log: [1, 2], term: 3 });
    ack(raft, B, 2);
    ack(raft, C, 2);
    raft.step(at(0), D, append(5, [1, 1], [3, 5], 3));
    expect(termsOf(raft)).toEqual([1, 3, 5]);
    expect(raft.commitIndex).toBe(3);
  });
});
