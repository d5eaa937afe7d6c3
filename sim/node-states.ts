/** What every node knows of its groups, one line a node, for a person who stops a run in the middle. */
import type { Replica } from '../core/replica/replica.ts';
import type { VouchShape } from './vouch.ts';
import type { World } from './world.ts';

export function nodeStates(world: World<VouchShape, Replica>): readonly string[] {
  return world.nodes.map((node) => {
    if (!node.running) return `node ${node.index} does not run`;
    return `node ${node.index}: ${groupStates(node.core).join('; ')}`;
  });
}

/** What a node knows of each group. */
export function groupStates(core: Replica | undefined): readonly string[] {
  const groups = core?.status().groups ?? [];
  return groups.map(
    ({ group, role, term, commitIndex, lastIndex, lastApplied }) =>
      `group ${group} ${role} of term ${term}, holds ${lastIndex}, committed ${commitIndex}, applied ${lastApplied}`,
  );
}
