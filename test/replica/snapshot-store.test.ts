/** Which files of states may go, counting operations on their way. */
import { describe, expect, test } from 'vitest';
import { pageFileName } from '../../core/checkpoint/file.ts';
import type { FileOp } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import { GLOBAL_GROUP, type LogIndex, type Micros, type Term } from '../../core/ids.ts';
import { PageCache } from '../../core/page/cache.ts';
import type { NewState } from '../../core/replica/new-state.ts';
import { SnapshotStore } from '../../core/replica/snapshot-store.ts';
import { GroupState } from '../../core/state/group-state.ts';
import type { RecoveredGroup } from '../../core/wal/group-log.ts';
import { SimDisk } from '../../sim/disk.ts';
import { CheckpointHost } from '../checkpoint/host.ts';

const GROUP = GLOBAL_GROUP;
const file = pageFileName({ group: GROUP, origin: 0 as LogIndex });
const older = pageFileName({ group: GROUP, origin: 7 as LogIndex });

function storeWith(...names: readonly string[]): SnapshotStore {
  const sealing = { chunks: undefined, pagesOf: () => undefined };
  const store = new SnapshotStore(new SimDisk({ below: () => 0 }), portableHasher, new PageCache(0), sealing);
  store.noted(names.map((name) => ({ op: 'create', file: name, sizeBytes: 0 }) as const));
  return store;
}

test('the file of a first checkpoint stays while it is written, whatever else goes', () => {
  const store = storeWith(older);
  store.beginCheckpoint(GROUP, file);
  store.noted([{ op: 'create', file, sizeBytes: 0 }]);
  expect(store.drop(GROUP)).toEqual([{ op: 'remove', file: older }]);
});

test('the file that a checkpoint was begun in goes with the state in it', () => {
  const store = storeWith(file);
  store.beginCheckpoint(GROUP, file);
  const held = { index: { file: 'snap-0000000000-0000000000000009' }, manifest: { index: 9 } };
  expect(store.adoptFetched(GROUP, held as unknown as Parameters<typeof store.adoptFetched>[1])).toEqual([
    { op: 'remove', file },
  ]);
});

describe('a start that begins with a checkpoint', () => {
  const options = { group: GROUP, hasher: portableHasher, dataGroups: [] } as const;

  /** What a start does to a directory with one checkpoint and an older file. @param mark index of the newest mark in the log */
  function opsOf(mark: number | undefined): readonly FileOp[] {
    const host = new CheckpointHost({ pageBytes: 512, cacheBytes: 0 });
    const state = new GroupState({ ...options, pages: host.begin() });
    state.restored(5 as LogIndex, 5 as Micros);
    expect(host.finish(host.checkpoint(state))).toBe(true);
    host.disk.execute({ op: 'create', file: older, sizeBytes: 0 });
    const store = new SnapshotStore(host.disk, portableHasher, new PageCache(0), { chunks: undefined, pagesOf: () => undefined });
    const snapshot = mark === undefined ? undefined : { index: mark as LogIndex, term: 1 as Term };
    const log = { snapshot, continues: () => true } as unknown as RecoveredGroup;
    const unusable = new Set<string>();
    const newState: NewState = (place) =>
      new GroupState({ ...options, ...(place.kind === 'stored' ? { pages: place.pages } : {}) });
    expect(store.begin(GROUP, log, newState, unusable).beginning?.meta.index).toBe(5);
    return store.startingSweep(unusable);
  }

  test('makes it durable before anything else goes, where no mark says that it is: a dead process may have left it in a cache', () => {
    const ops = opsOf(undefined);
    expect(ops.map(({ op }) => op)).toEqual(['write', 'sync', 'syncDirectory', 'remove']);
    expect(ops[0]).toMatchObject({ file, offset: 8192 });
  });

  test('and leaves it as it is where a mark was written behind it', () => {
    expect(opsOf(5).map(({ op }) => op)).toEqual(['remove']);
  });
});
