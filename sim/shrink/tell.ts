/** What shrinking came to, in a few lines. */
import type { StoryEvents } from '../story-events.ts';
import type { Shrunk } from './shrinker.ts';

/** "9 story events (2 faults, 4 operations, 3 elections)". */
export function storyLength({ total, faults, operations, elections }: StoryEvents): string {
  return `${total} story events (${faults} faults, ${operations} operations, ${elections} elections)`;
}

export function tellShrunk(before: StoryEvents, { tape, report, story }: Shrunk): readonly string[] {
  const { nodes, clients, dataGroups, vaults, keys } = tape.knobs;
  return [
    `${before.total} -> ${storyLength(story)}`,
    `  world: ${nodes} nodes, ${dataGroups} data groups, ${vaults} vaults, ${keys} keys, ${clients} clients of ${tape.knobs.lanes} lanes`,
    `  ${report.events} events in ${report.virtualMs} ms of virtual time`,
    `  ${report.violation?.oracle}: ${report.violation?.message}`,
  ];
}
