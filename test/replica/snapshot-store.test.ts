/** Which files of states may go, counting operations on their way. */
import { expect, test } from 'vitest';
import { pageFileName } from '../../core/checkpoint/file.ts';
import { portableHasher } from '../../core/hasher.ts';
import { GLOBAL_GROUP, type LogIndex } from '../../core/ids.ts';
import { PageCache } from '../../core/page/cache.ts';
import { SnapshotStore } from '../../core/replica/snapshot-store.ts';
import { SimDisk } from '../../sim/disk.ts';

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
