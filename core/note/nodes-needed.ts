/** How many nodes have to sign before a policy can be met, so that a client asks for as many. */
import { parseNodeKeyName } from './names.ts';
import type { Policy, Quorum } from './policy.ts';

/**
 * The fewest nodes whose signatures meet the policy, with the outside witnesses that can be asked. 0: none is needed, or no number
 * of nodes is enough, because a witness that has no URL must sign as well.
 */
export function nodesNeeded({ quorum, witnesses }: Policy): number {
  const costs = new Map(witnesses.map(({ name, key, url }) => [name, costOf(key.name, url)]));
  const cost = (of: Quorum): number => {
    if (of.kind === 'witness') return costs.get(of.name) ?? Number.POSITIVE_INFINITY;
    const members = of.of.map(cost).sort((a, b) => (a < b ? -1 : 1));
    return members.slice(0, of.k).reduce((sum, each) => sum + each, 0);
  };
  const needed = cost(quorum);
  return Number.isFinite(needed) ? needed : 0;
}

function costOf(name: string, url: string | undefined): number {
  if (parseNodeKeyName(name) !== undefined) return 1;
  return url === undefined ? Number.POSITIVE_INFINITY : 0;
}
