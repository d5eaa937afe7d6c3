/** The state that every replica of a group begins with. */
import type { Hasher } from '../capability.ts';
import { GLOBAL_GROUP, type GroupId } from '../ids.ts';
import type { SeedWords } from '../random.ts';
import { GroupState, type StateObserver } from '../state/group-state.ts';
import type { Founding } from './manifest.ts';

export interface NewStateOptions {
  readonly hasher: Hasher;
  readonly observer?: StateObserver | undefined;
  readonly pageBytes?: number | undefined;
  readonly seed?: SeedWords | undefined;
}

/** A state with nothing applied; GLOBAL's knows how the cluster began. @param founding undefined: not known yet */
export function newGroupState(
  group: GroupId,
  founding: Pick<Founding, 'groups' | 'founders'> | undefined,
  { hasher, observer, pageBytes, seed }: NewStateOptions,
): GroupState {
  const { groups, founders } = founding ?? { groups: [], founders: [] };
  return new GroupState({
    group,
    hasher,
    dataGroups: groups.map((members) => members.group).filter((id) => id !== GLOBAL_GROUP),
    founders,
    ...(observer === undefined ? {} : { observer }),
    ...(pageBytes === undefined ? {} : { pageBytes }),
    ...(seed === undefined ? {} : { seed }),
  });
}
