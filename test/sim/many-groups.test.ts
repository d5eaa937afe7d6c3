/** Oracles look only at the groups that a step concerned: here everything is looked at, to see that the others stay as they are. */
import { expect, test } from 'vitest';
import type { GroupId } from '../../core/ids.ts';
import type { Replica } from '../../core/replica/replica.ts';
import { hundredGroups } from '../../scenarios/hundred-groups.ts';
import type { Knobs } from '../../sim/knobs.ts';
import { Violation } from '../../sim/observer.ts';
import { runSeed } from '../../sim/run.ts';
import type { Scenario, VouchOracle } from '../../sim/scenario.ts';

const GROUPS = 20;

/** Everything that an oracle sees of a group. */
function shape(core: Replica, id: GroupId): string {
  const group = core.group(id);
  if (group === undefined || group.quarantined) return '';
  const { raft, state } = group;
  const { role, term, votedFor, lastIndex, commitIndex, baseIndex } = raft;
  return [role, term, votedFor, lastIndex, commitIndex, baseIndex, state.lastApplied].join();
}

/** @param tells which groups a step concerned, as the core says. */
function watchAll(groups: readonly GroupId[], tells: (core: Replica) => ReadonlySet<GroupId>): VouchOracle {
  const known = new Map<string, string>();
  return {
    name: 'untouched-groups-stay',
    claim: 'A step changes only groups that it says it concerned.',
    opened: (node) => {
      for (const group of groups) known.delete(`${node.index}/${group}`);
    },
    stepped: (node) => {
      if (!node.running || node.core === undefined) return;
      const told = tells(node.core);
      for (const group of groups) {
        const key = `${node.index}/${group}`;
        const now = shape(node.core, group);
        if (now !== (known.get(key) ?? '') && !told.has(group))
          throw new Violation('untouched-groups-stay', `node ${node.index}, group ${group}: ${known.get(key)} became ${now}`);
        known.set(key, now);
      }
    },
  };
}

function run(seed: string, tells: (core: Replica) => ReadonlySet<GroupId>): ReturnType<typeof runSeed>['report'] {
  const scenario: Scenario = { ...hundredGroups, oracles: ({ groups }) => [watchAll(groups, tells)] };
  const adjust = (knobs: Knobs): Knobs => ({ ...knobs, dataGroups: GROUPS - 4, placedGroups: 4, vaults: 10 });
  return runSeed({ seed, profile: 'swarm', scenario, adjust, stopwatch: () => 0 }).report;
}

const touched = (core: Replica): Set<GroupId> => new Set(core.touchedGroups().map(({ group }) => group.id));

test.each(['1', '2', '3'])('a step leaves every group as it was that it does not concern (seed %s)', (seed) => {
  expect(run(seed, touched).violation).toBeNull();
});

test('a group that changed and was kept quiet is found', () => {
  const withoutTheThird = (core: Replica): Set<GroupId> => {
    const told = touched(core);
    told.delete(3 as GroupId);
    return told;
  };
  expect(run('1', withoutTheThird).violation?.oracle).toBe('untouched-groups-stay');
});
