/** Whom to believe, against a count by hand: nobody is outvoted by one, and at most one block is ever believed. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { NodeId } from '../../core/ids.ts';
import type { Configuration } from '../../core/raft/message.ts';
import { verdictOn } from '../../core/replica/divergence-verdict.ts';
import { property } from '../support/property.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as NodeId[];
const members = fc.subarray(IDS, { minLength: 1 });
const hashOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);

const scene = fc.record({
  voters: members,
  votersOutgoing: fc.oneof(fc.constant<NodeId[]>([]), members),
  self: fc.constantFrom(...IDS),
  own: fc.nat(2),
  said: fc.array(fc.tuple(fc.constantFrom(...IDS), fc.nat(2)), { maxLength: 8 }),
});

function configurationOf(voters: readonly NodeId[], votersOutgoing: readonly NodeId[]): Configuration {
  return { voters, votersOutgoing, learners: [], learnersNext: [], promotable: [], autoLeave: false } as unknown as Configuration;
}

/** Whether more than half of each half says so. */
function hasMajority(half: readonly NodeId[], supporters: ReadonlySet<NodeId>): boolean {
  return half.length === 0 || 2 * half.filter((id) => supporters.has(id)).length > half.length;
}

property(
  'a verdict is what a majority of each half says, and two at least where it is against the node',
  scene,
  ({ voters, votersOutgoing, self, own, said }) => {
    const votes = new Map(said.filter(([id]) => id !== self).map(([id, number]) => [id, number] as const));
    const words = new Map([[self, own], ...votes]);
    const expected = [0, 1, 2].filter((number) => {
      const supporters = new Set([...words].filter(([, said]) => said === number).map(([id]) => id));
      return hasMajority(voters, supporters) && hasMajority(votersOutgoing, supporters);
    });
    expect(expected.length).toBeLessThan(2);
    const verdict = verdictOn(
      configurationOf(voters, votersOutgoing),
      { self, blockHash: hashOf(own) },
      new Map([...votes].map(([id, number]) => [id, hashOf(number)])),
    );
    const [winner] = expected;
    if (winner === own) return void expect(verdict).toEqual({ kind: 'agreed' });
    const accusers = [...votes].filter(
      ([id, number]) => number === winner && (voters.includes(id) || votersOutgoing.includes(id)),
    );
    if (winner === undefined || accusers.length < 2) return void expect(verdict).toEqual({ kind: 'open' });
    return void expect(verdict).toEqual({ kind: 'outvoted', blockHash: hashOf(winner) });
  },
);
