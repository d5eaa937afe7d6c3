/** The states that a group's files hold: page files page by page, snapshots chunk by chunk, each opened as a start would. */

import type { Hasher } from '../capability.ts';
import { parsePageFileName } from '../checkpoint/file.ts';
import { findCheckpoint, openCheckpoint } from '../checkpoint/open.ts';
import type { DirectoryReader } from '../effect.ts';
import { StorageError } from '../errors.ts';
import type { GroupId } from '../ids.ts';
import { PageFile } from '../page/page-file.ts';
import type { PageSealer } from '../page/page-sealer.ts';
import { readTable } from '../page/page-table.ts';
import type { StatePages } from '../page/state-pages.ts';
import type { PageId } from '../page/store.ts';
import type { Superblock } from '../page/superblock.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import type { Sealing } from '../replica/sealing.ts';
import { heldOf } from '../replica/snapshot-store.ts';
import { parseSnapshotName, scanSnapshot } from '../snapshot/file.ts';
import { restoreState } from '../snapshot/restore.ts';
import type { GroupState } from '../state/group-state.ts';

/** A file that a start could begin with, and everything that is wrong with it. */
export interface CheckedBase {
  readonly name: string;
  /** Sentences without full stop; none = whole. */
  readonly faults: readonly string[];
  /** undefined: it cannot be used. */
  readonly opened: { readonly state: GroupState; readonly meta: SnapshotMeta } | undefined;
}

export interface BaseOptions {
  readonly reader: DirectoryReader;
  readonly hasher: Hasher;
  readonly newState: (pages?: StatePages) => GroupState;
  /** Of an encrypted directory. */
  readonly sealing: Pick<Sealing, 'chunks' | 'pagesOf'> | undefined;
}

/** Every one of a group, the newest first; files that never became a state are not among them. */
export function checkBases(group: GroupId, options: BaseOptions): readonly CheckedBase[] {
  const bases: CheckedBase[] = [];
  for (const name of [...options.reader.list()].sort()) {
    if (parsePageFileName(name)?.group === group) bases.push(...checkPageFile(name, group, options));
    const place = parseSnapshotName(name);
    if (place?.group === group && place.stage === 'whole') bases.push(checkSnapshot(name, options));
  }
  return bases.sort((a, b) => (b.opened?.meta.index ?? 0) - (a.opened?.meta.index ?? 0));
}

function checkPageFile(name: string, group: GroupId, options: BaseOptions): readonly CheckedBase[] {
  const { reader, newState } = options;
  const block = findCheckpoint(reader, name, group);
  if (block === 'none') return [];
  if (block === 'damaged') return [{ name, faults: [`no superblock of ${name} can be read`], opened: undefined }];
  const place = parsePageFileName(name);
  const sealer = place === undefined ? undefined : options.sealing?.pagesOf(place);
  const faults = checkPages(name, block, reader, sealer);
  const opened = openCheckpoint(reader, name, block, newState, { sealer });
  if (opened === undefined && faults.length === 0) faults.push(`the catalog of ${name} cannot be read`);
  return [{ name, faults, opened }];
}

/** Reads every page of a checkpoint. @returns what is wrong with them. */
export function checkPages(name: string, block: Superblock, reader: DirectoryReader, sealer: PageSealer | undefined): string[] {
  const { pageBytes, overheadBytes } = block;
  const table = quietly(() => readTable(reader, name, { pageBytes, slotBytes: pageBytes + overheadBytes }, block.table));
  if (table === undefined) return [`the page table of ${name} cannot be read`];
  const file = new PageFile(reader, { name, pageBytes, sealer });
  file.restore(table.checksums, table.pages);
  const faults: string[] = [];
  for (let id = 1; id < table.checksums.length; id += 1) {
    if (table.checksums[id] === 0 || file.isIntact(id as PageId)) continue;
    faults.push(`page ${id} of ${name}, at byte ${file.offsetOf(id as PageId)}, is not what was written`);
  }
  return faults;
}

function checkSnapshot(name: string, { reader, hasher, newState, sealing }: BaseOptions): CheckedBase {
  const place = parseSnapshotName(name);
  const found = place && quietly(() => finish(scanSnapshot(hasher, reader, name, place, sealing?.chunks)));
  const held = found === undefined ? undefined : heldOf(found);
  const broken = { name, faults: [`the snapshot ${name} cannot be read`], opened: undefined };
  if (held === undefined) return broken;
  const state = newState();
  const fault = quietly(() => finish(restoreState(hasher, held.manifest, held.index.source(reader), state)) ?? '');
  if (fault !== '') return broken;
  const { index, term, configuration } = held.manifest;
  return { name, faults: [], opened: { state, meta: { index, term, configuration } } };
}

/** Runs a job of short steps to its end. */
function finish<T>(steps: Generator<number, T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** undefined where the file cannot be read. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}
