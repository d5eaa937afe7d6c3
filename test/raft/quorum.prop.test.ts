/** Counting, by hand-made cases and against a definition by enumeration. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogIndex, NodeId } from '../../core/ids.ts';
import { configurationOf } from '../../core/raft/message.ts';
import { Progress } from '../../core/raft/progress.ts';
import { majority, reachedByQuorum, voteOutcome } from '../../core/raft/quorum.ts';
import { A, B, C, D, NODES } from './support.ts';

const matchOf = (member: Progress): number => member.matchIndex;

function half(matches: readonly number[]): readonly Progress[] {
  return matches.map((match, i) => {
    const member = new Progress(NODES[i % NODES.length] as NodeId, 1, 1);
    member.matchIndex = match as LogIndex;
    return member;
  });
}

test('a majority is more than half, for even numbers too', () => {
  expect([1, 2, 3, 4, 5, 6, 7].map(majority)).toEqual([1, 2, 2, 3, 3, 4, 4]);
});

describe('what a quorum has reached', () => {
  test.each([
    [[5], 5],
    [[5, 9], 5],
    [[3, 9, 5], 5],
    [[9, 1, 7, 3], 3],
    [[0, 0, 8, 8, 8], 8],
  ])('%j: %i', (matches, reached) => {
    expect(reachedByQuorum(half(matches), [], matchOf)).toBe(reached);
  });

  test('joint: each half by its own majority, never the majority of the union', () => {
    expect(reachedByQuorum(half([9, 9, 1]), half([2, 2, 9]), matchOf)).toBe(2);
  });

  test('is the highest value that more than half of the members have at least', () => {
    const values = fc.array(fc.nat(20), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(values, (matches) => {
        const reached = reachedByQuorum(half(matches), [], matchOf);
        const holders = (value: number): number => matches.filter((match) => match >= value).length;
        expect(holders(reached) * 2).toBeGreaterThan(matches.length);
        expect(holders(reached + 1) * 2).toBeLessThanOrEqual(matches.length);
      }),
      { seed: 1 },
    );
  });
});

describe('votes', () => {
  test('won by a majority of grants, lost when refusals leave none, else pending', () => {
    const configuration = configurationOf(NODES);
    expect(voteOutcome(configuration, [A, B, C], [])).toBe('won');
    expect(voteOutcome(configuration, [A, B], [C, D])).toBe('pending');
    expect(voteOutcome(configuration, [A, B], [C, D, NODES[4] as NodeId])).toBe('lost');
  });

  test('only voters count', () => {
    expect(voteOutcome(configurationOf([A, B, C], [D]), [A, D], [])).toBe('pending');
  });

  test('joint: both halves must be won, and one lost half loses', () => {
    const joint = { ...configurationOf([A, B]), votersOutgoing: [C, D] };
    expect(voteOutcome(joint, [A, B], [])).toBe('pending');
    expect(voteOutcome(joint, [A, B, C, D], [])).toBe('won');
    expect(voteOutcome(joint, [A, B], [C])).toBe('lost');
  });
});
