/**
 * Who is wrong where replicas of a group have different blocks at one height of a vault. Counted in voters of the configuration in
 * force, both halves of a joint one: blocks are made of committed entries, so of all blocks at a height at most one is what a
 * majority of correct nodes has.
 *
 * A node believes that it is the one in error only where a majority of the voters shows one and the same other block, and at least
 * two of them: then one that lies, or that is wrong itself, never makes another one give up a vault. Two that differ and nobody
 * else, as in a group of two, prove nothing about either.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { NodeId } from '../ids.ts';
import type { Configuration } from '../raft/message.ts';
import { voteOutcome } from '../raft/quorum.ts';

export type Verdict =
  /** A majority has what this node has. */
  | { readonly kind: 'agreed' }
  /** A majority has this instead. */
  | { readonly kind: 'outvoted'; readonly blockHash: Uint8Array }
  /** Not enough voters have said the same so far. */
  | { readonly kind: 'open' };

/** A node's word against itself: how many others it takes, whatever the majority. */
const ACCUSERS_MIN = 2;

/** @param votes what others said of one height in one round, this node's own word not among them */
export function verdictOn(
  configuration: Configuration,
  own: { readonly self: NodeId; readonly blockHash: Uint8Array },
  votes: ReadonlyMap<NodeId, Uint8Array>,
): Verdict {
  const everybody = [[own.self, own.blockHash] as const, ...votes];
  for (const [, blockHash] of everybody) {
    const supporters = everybody.filter(([, other]) => equalBytes(other, blockHash)).map(([id]) => id);
    if (voteOutcome(configuration, supporters, []) !== 'won') continue;
    if (equalBytes(blockHash, own.blockHash)) return { kind: 'agreed' };
    const accusers = supporters.filter((id) => configuration.voters.includes(id) || configuration.votersOutgoing.includes(id));
    if (accusers.length >= ACCUSERS_MIN) return { kind: 'outvoted', blockHash };
  }
  return { kind: 'open' };
}
