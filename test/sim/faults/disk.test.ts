/** Disks that fail and disks that decay: what the simulated disk does, and what a cluster on such disks must do. */
import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../core/errors.ts';
import { type GroupId, INDEX_ZERO, type Term } from '../../../core/ids.ts';
import { recoverWal } from '../../../core/wal/recover.ts';
import { DamageIsContained } from '../../../sim/check/damage-is-contained.ts';
import { DamageIsReported } from '../../../sim/check/damage-is-reported.ts';
import { FailedDiskStops, NoFatal } from '../../../sim/check/no-fatal.ts';
import type { VouchNode } from '../../../sim/check/raft/watch.ts';
import { SimDisk } from '../../../sim/disk.ts';
import type { FaultKind } from '../../../sim/faults/counts.ts';
import { withFaults } from '../../../sim/knobs.ts';
import { runSeed } from '../../../sim/run.ts';
import { WalAtlas } from '../../../sim/wal-atlas.ts';

const OLDEST = { below: (bound: number): number => bound - 1 };

function diskWith(text: string): SimDisk {
  const disk = new SimDisk(OLDEST);
  disk.execute({ op: 'create', file: 'a', sizeBytes: 2048 });
  disk.execute({ op: 'syncDirectory' });
  disk.execute({ op: 'write', file: 'a', offset: 0, bytes: new TextEncoder().encode(text) });
  return disk;
}

function textOn(disk: SimDisk): string {
  return new TextDecoder().decode(disk.read('a', 0, 3));
}

describe('a disk whose sync fails once', () => {
  test('believes its next sync, and loses the data all the same', () => {
    const disk = diskWith('new');
    disk.failNext('EIO');
    expect(disk.execute({ op: 'sync', file: 'a' })).toBe('EIO');
    expect(disk.execute({ op: 'sync', file: 'a' })).toBeUndefined();
    expect(textOn(disk)).toBe('new');
    disk.powerLoss();
    expect(textOn(disk)).toBe('\0\0\0');
  });

  test('keeps what is written again behind the failure', () => {
    const disk = diskWith('new');
    disk.failNext('EIO');
    disk.execute({ op: 'sync', file: 'a' });
    disk.execute({ op: 'write', file: 'a', offset: 0, bytes: new TextEncoder().encode('new') });
    disk.execute({ op: 'sync', file: 'a' });
    disk.powerLoss();
    expect(textOn(disk)).toBe('new');
  });
});

test('a full disk takes a part of the write and refuses it', () => {
  const disk = diskWith('new');
  disk.failNext('ENOSPC');
  expect(disk.execute({ op: 'write', file: 'a', offset: 0, bytes: new TextEncoder().encode('xyz') })).toBe('ENOSPC');
  expect(textOn(disk)).toBe('xyw');
});

test('a spoilt sector cannot be read until it is written', () => {
  const disk = diskWith('new');
  disk.spoil('a', 700);
  expect(textOn(disk)).toBe('new');
  expect(() => disk.read('a', 0, 2048)).toThrow(StorageError);
  disk.execute({ op: 'write', file: 'a', offset: 600, bytes: Uint8Array.of(1) });
  expect(disk.read('a', 0, 2048).length).toBe(2048);
});

test('reads of a place give other bytes until the fault is over, and the medium is as it was', () => {
  const disk = diskWith('new');
  disk.misread('a', 1, new TextEncoder().encode('XY'));
  expect(textOn(disk)).toBe('nXY');
  expect(new TextDecoder().decode(disk.read('a', 2, 1))).toBe('Y');
  disk.misread('a', 1, undefined);
  expect(textOn(disk)).toBe('new');
  disk.misread('gone', 0, undefined);
});

test('one of the next reads is cut short, and it is said that it was', () => {
  const disk = diskWith('new');
  disk.shortenRead(1);
  expect(textOn(disk)).toBe('new');
  expect(disk.hasCutRead).toBe(false);
  expect(disk.read('a', 0, 3).length).toBeLessThan(3);
  expect(disk.hasCutRead).toBe(true);
  expect(textOn(disk)).toBe('new');
});

test('a log of which the disk gives less than is there is refused, and not taken for a shorter one', () => {
  const disk = new SimDisk(OLDEST);
  const { wal, repairs } = recoverWal(disk, { segmentBytes: 4096 });
  for (const op of repairs) disk.execute(op);
  for (const op of wal.plan([
    { kind: 'hardState', group: 1 as GroupId, hardState: { term: 4 as Term, votedFor: undefined, commitIndex: INDEX_ZERO } },
  ])) {
    disk.execute(op);
  }
  disk.shortenRead(0);
  expect(() => recoverWal(disk, { segmentBytes: 4096 })).toThrow(expect.objectContaining({ code: 'short_read' }));
  expect(recoverWal(disk, { segmentBytes: 4096 }).groups.get(1 as GroupId)?.hardState.term).toBe(4);
});

describe('a cluster', () => {
  test.each<[FaultKind, number]>([
    ['syncFailure', 3],
    ['diskFull', 3],
    ['bitRot', 1],
    ['badSector', 1],
    ['misdirectedWrite', 1],
    ['misdirectedRead', 3],
  ])('under %s loses nothing and tells no lies', (kind, rate) => {
    let happened = 0;
    for (const seed of ['1', '2']) {
      const { report } = runSeed({
        seed,
        profile: 'lite',
        scenario: undefined,
        stopwatch: () => 0,
        adjust: (knobs) => withFaults(knobs, { [kind]: rate, powerLoss: 0.5 }),
      });
      expect(report.violation).toBeNull();
      happened += report.faults[kind] ?? 0;
    }
    expect(happened).toBeGreaterThan(0);
  });
});

describe('the oracles of broken disks can fail', () => {
  const place = { file: 'wal-0000000000000001', offset: 600, lengthBytes: 80, number: 1, group: 1 };
  const core = (quarantined: readonly number[]): unknown => ({
    recovered: { quarantined, damage: [] },
    group: () => ({ quarantined: false }),
  });
  const node = (quarantined: readonly number[]): VouchNode =>
    ({ index: 0, running: true, core: core(quarantined) }) as unknown as VouchNode;

  test('damage that is not reported', () => {
    const atlas = new WalAtlas([new SimDisk(OLDEST)]);
    atlas.destroyed(0, place, 'changed');
    const oracle = new DamageIsReported(atlas);
    expect(() => oracle.opened(node([]))).toThrow('takes the damaged log of group 1 for whole');
    expect(() => oracle.opened(node([1]))).not.toThrow();
    expect(() => oracle.stepped(node([1]))).toThrow('runs group 1 on a damaged log');
    atlas.destroyed(0, place, 'unreadable');
    expect(() => oracle.opened(node([1]))).toThrow('cannot have read');
  });

  test('groups that lost nothing and are quarantined all the same', () => {
    const disk = new SimDisk(OLDEST);
    const { wal, repairs } = recoverWal(disk, { segmentBytes: 4096 });
    for (const op of repairs) disk.execute(op);
    // Records 1 to 8 of groups 0, 1, 2, 1, 0, 1, 1, 1: group 2 has none behind the damage that would show it whole.
    for (const [at, group] of [0, 1, 2, 1, 0, 1, 1, 1].entries()) {
      const hardState = { term: (at + 1) as Term, votedFor: undefined, commitIndex: INDEX_ZERO };
      for (const op of wal.plan([{ group: group as GroupId, kind: 'hardState', hardState }])) disk.execute(op);
      wal.reportDurable(wal.lastNumber);
    }
    const atlas = new WalAtlas([disk]);
    const oracle = new DamageIsContained(atlas);
    expect(() => oracle.opened(node([0, 1, 2]))).not.toThrow();
    atlas.destroyed(0, { file: 'any', offset: 0, lengthBytes: 80, number: 4, group: 1 }, 'changed');
    expect(atlas.shownWhole(0)).toEqual([0]);
    expect(() => oracle.opened(node([1, 2]))).not.toThrow();
    expect(() => oracle.opened(node([0, 1]))).toThrow('quarantines group 0, of which nothing was destroyed');
    atlas.destroyed(0, { file: 'any', offset: 0, lengthBytes: 80, number: 6, group: 1 }, 'changed');
    expect(atlas.shownWhole(0)).toEqual([]);
  });

  test('a whole node that stops, and a failed one that does not', () => {
    const atlas = new WalAtlas([]);
    const oracle = new NoFatal(() => atlas);
    expect(() => oracle.fatal(node([]), 1, 'log_damaged', '')).toThrow('stopped');
    expect(() => oracle.refused(node([]), new StorageError('EIO', ''))).toThrow('does not open');
    const failed = { kind: 'persistFailed', seq: 1, code: 'EIO', now: 0, wall: 0 } as unknown as Parameters<
      FailedDiskStops['stepped']
    >[1];
    expect(() => new FailedDiskStops().stepped(node([]), failed)).toThrow('goes on');
  });
});
