/**
 * Names of page files: `pages-GGGGGGGGGG-IIIIIIIIIIIIIIII`, decimal group, and the index of the snapshot that the state in it began
 * with, 0 for one that began with the group. A state that is installed in the place of another has a file of its own; the
 * other's goes when the new one is a checkpoint.
 */
import type { GroupId, LogIndex } from '../ids.ts';

const NAME = /^pages-([0-9]{10})-([0-9]{16})$/;

export interface PageFilePlace {
  readonly group: GroupId;
  /** Of the snapshot that it began with; 0 = none. */
  readonly origin: LogIndex;
}

export function pageFileName({ group, origin }: PageFilePlace): string {
  return `pages-${String(group).padStart(10, '0')}-${String(origin).padStart(16, '0')}`;
}

/** What a file's name says, or undefined where it is no page file's. */
export function parsePageFileName(name: string): PageFilePlace | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [group, origin] = [Number(match[1]), Number(match[2])];
  if (group > 0xffff_ffff || !Number.isSafeInteger(origin)) return undefined;
  return { group: group as GroupId, origin: origin as LogIndex };
}
