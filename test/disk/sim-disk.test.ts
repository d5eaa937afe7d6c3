/** SimDisk beyond the contract: what its draws mean, and what it counts. */
import { expect, test } from 'vitest';
import { SimDisk } from '../../sim/disk.ts';

/** Answers draws from a list, then with 0. */
function scripted(...answers: number[]): { disk: SimDisk; bounds: number[] } {
  const bounds: number[] = [];
  const below = (bound: number): number => {
    bounds.push(bound);
    return answers.shift() ?? 0;
  };
  return { disk: new SimDisk({ below }), bounds };
}

/** The same with half-written sectors. */
function halfWriting(...answers: number[]): SimDisk {
  return new SimDisk({ below: () => answers.shift() ?? 0 }, true);
}

const fill = (value: number, length: number): Uint8Array => new Uint8Array(length).fill(value);

test('a sector written several times may go back to any version it had since the last sync', () => {
  for (const [back, value] of [
    [0, 3],
    [1, 2],
    [2, 1],
    [3, 0],
  ] as const) {
    const { disk, bounds } = scripted(back);
    disk.execute({ op: 'create', file: 'a', sizeBytes: 512 });
    disk.execute({ op: 'sync', file: 'a' });
    disk.execute({ op: 'syncDirectory' });
    for (const version of [1, 2, 3]) disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(version, 512) });
    disk.powerLoss();
    expect([bounds, disk.read('a', 0, 1)[0]]).toEqual([[4], value]);
  }
});

test('power loss counts sectors that went back and places where a write was torn', () => {
  const { disk } = scripted(0, 1, 0, 0);
  disk.execute({ op: 'create', file: 'a', sizeBytes: 2048 });
  disk.execute({ op: 'sync', file: 'a' });
  disk.execute({ op: 'syncDirectory' });
  disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(1, 2048) });
  expect(disk.powerLoss()).toEqual({ lostWrites: 1, tornWrites: 2 });
  expect(disk.powerLoss()).toEqual({ lostWrites: 0, tornWrites: 0 });
});

test('a flash page that was being written leaves pieces of two versions in its unsynced sectors, and touches no other', () => {
  const disk = halfWriting(1, 0, 0, 0b10, 0, 2 ** 32 - 1);
  disk.execute({ op: 'create', file: 'a', sizeBytes: 2048 });
  disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(1, 2048) });
  disk.execute({ op: 'sync', file: 'a' });
  disk.execute({ op: 'syncDirectory' });
  disk.execute({ op: 'write', file: 'a', offset: 512, bytes: fill(2, 1024) });
  expect(disk.powerLoss()).toEqual({ lostWrites: 0, tornWrites: 2 });
  const expected = fill(1, 2048);
  expected.fill(2, 512, 1024).fill(1, 528, 544);
  expect(disk.read('a', 0, 2048)).toEqual(expected);
});

test('a sector that went back as its flash page was being written has pieces of what was written, too', () => {
  const disk = halfWriting(1, 0, 1, 0b10);
  disk.execute({ op: 'create', file: 'a', sizeBytes: 512 });
  disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(1, 512) });
  disk.execute({ op: 'sync', file: 'a' });
  disk.execute({ op: 'syncDirectory' });
  disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(2, 512) });
  expect(disk.powerLoss()).toEqual({ lostWrites: 1, tornWrites: 1 });
  expect(disk.read('a', 0, 512)).toEqual(fill(1, 512).fill(2, 16, 32));
});

test('a record that is written again beside what was synced keeps that, wherever it is torn', () => {
  for (const pieces of [1, 0xffff, 0xffff_0000, 0xaaaa_aaaa, 2 ** 32 - 1]) {
    const disk = halfWriting(1, 0, 0, pieces);
    disk.execute({ op: 'create', file: 'a', sizeBytes: 512 });
    disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(1, 100) });
    disk.execute({ op: 'sync', file: 'a' });
    disk.execute({ op: 'syncDirectory' });
    disk.execute({ op: 'write', file: 'a', offset: 100, bytes: fill(2, 100) });
    disk.powerLoss();
    expect(disk.read('a', 0, 100)).toEqual(fill(1, 100));
  }
});

test('a rename of a file whose creation was lost did not happen either', () => {
  const { disk } = scripted(1, 0);
  disk.execute({ op: 'create', file: 'a', sizeBytes: 0 });
  disk.execute({ op: 'rename', from: 'a', to: 'b' });
  disk.powerLoss();
  expect(disk.list()).toEqual([]);
});

test('an unsynced size may end at any whole sector, and what lay behind it reads as zeros when the file grows again', () => {
  const { disk } = scripted(0, 0, 0, 2);
  disk.execute({ op: 'create', file: 'a', sizeBytes: 0 });
  disk.execute({ op: 'syncDirectory' });
  disk.execute({ op: 'write', file: 'a', offset: 0, bytes: fill(7, 1536) });
  disk.powerLoss();
  expect(disk.size('a')).toBe(512);
  disk.execute({ op: 'write', file: 'a', offset: 2000, bytes: fill(9, 1) });
  expect(disk.read('a', 511, 3)).toEqual(Uint8Array.from([7, 0, 0]));
});

test('bit rot changes what is read, and no power loss brings it back', () => {
  const { disk } = scripted();
  disk.execute({ op: 'create', file: 'a', sizeBytes: 10 });
  disk.execute({ op: 'sync', file: 'a' });
  disk.execute({ op: 'syncDirectory' });
  disk.corrupt('a', 3, 0x81);
  disk.powerLoss();
  expect(disk.read('a', 2, 3)).toEqual(Uint8Array.from([0, 0x81, 0]));
});
