/** The state that every replica of a group begins with. */
import type { Conditions } from '../authz/condition.ts';
import type { Hasher } from '../capability.ts';
import { GLOBAL_GROUP, type GroupId, type LogIndex } from '../ids.ts';
import { StatePages } from '../page/state-pages.ts';
import type { SeedWords } from '../random.ts';
import type { StateObserver } from '../state/block-observer.ts';
import { GroupState } from '../state/group-state.ts';
import type { WarmUpLimits } from '../state/warm-up.ts';
import type { Founding } from './manifest.ts';

/** Where the trees of a new state stand: on the pages of a checkpoint, or on a page file to come, named after the snapshot they begin with. */
export type StatePlace =
  | { readonly kind: 'stored'; readonly pages: StatePages }
  | { readonly kind: 'new'; readonly origin: LogIndex };
/** Makes a group's state with nothing applied. */
export type NewState = (place: StatePlace) => GroupState;

export interface NewStateOptions {
  readonly hasher: Hasher;
  readonly conditions?: Conditions | undefined;
  readonly observer?: StateObserver | undefined;
  readonly pageBytes?: number | undefined;
  readonly warmUp?: WarmUpLimits | undefined;
  /** Where its trees stand. Default: in memory. */
  readonly pages?: StatePages | undefined;
  readonly seed?: SeedWords | undefined;
}

/** A state with nothing applied; GLOBAL's knows how the cluster began. @param founding undefined: not known yet */
export function newGroupState(
  group: GroupId,
  founding: Pick<Founding, 'groups' | 'founders'> | undefined,
  { hasher, conditions, observer, pageBytes, pages, seed, warmUp }: NewStateOptions,
): GroupState {
  const { groups, founders } = founding ?? { groups: [], founders: [] };
  return new GroupState({
    group,
    hasher,
    dataGroups: groups.map((members) => members.group).filter((id) => id !== GLOBAL_GROUP),
    founders,
    ...(conditions === undefined ? {} : { conditions }),
    ...(observer === undefined ? {} : { observer }),
    ...(warmUp === undefined ? {} : { warmUp }),
    pages: pages ?? StatePages.inMemory(pageBytes),
    ...(seed === undefined ? {} : { seed }),
  });
}
