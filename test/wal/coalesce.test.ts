/** The rule of core/effect.ts for sharing syncs. */
import { expect, test } from 'vitest';
import type { FileOp } from '../../core/effect.ts';
import { lastSyncIsCovered } from '../../core/wal/coalesce.ts';

const write = (file: string): FileOp => ({ op: 'write', file, offset: 0, bytes: new Uint8Array(1) });
const sync = (file: string): FileOp => ({ op: 'sync', file });
const create: FileOp = { op: 'create', file: 'b', sizeBytes: 0 };

test('a last sync is covered by a next persist that only writes to the same file and ends in its sync', () => {
  expect(lastSyncIsCovered([write('a'), sync('a')], [write('a'), write('a'), sync('a')])).toBe(true);
  expect(lastSyncIsCovered([create, sync('a')], [sync('a')])).toBe(true);
});

test.each<[string, FileOp[], FileOp[]]>([
  ['there is none', [write('a')], [write('a'), sync('a')]],
  ['the next persist is empty', [sync('a')], []],
  ['the next persist does not sync', [sync('a')], [write('a')]],
  ['the next persist syncs another file', [sync('a')], [write('a'), sync('b')]],
  ['the next persist writes another file first', [sync('a')], [write('b'), sync('a')]],
  ['the next persist does something else first', [sync('a')], [create, sync('a')]],
  ['the next persist has a barrier inside', [sync('a')], [write('a'), sync('a'), write('a'), sync('a')]],
  ['the last operation is another', [sync('a'), { op: 'syncDirectory' }], [write('a'), sync('a')]],
])('a last sync is not covered where %s', (_why, ops, next) => {
  expect(lastSyncIsCovered(ops, next)).toBe(false);
});
