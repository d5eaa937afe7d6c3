/** Recovery against a plain list of records, under tearing, truncation, bit flips and garbage. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { type GroupId, INDEX_ZERO, plus, type Term } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { segmentName } from '../../core/wal/segment.ts';
import { propertyRuns } from '../support/property.ts';
import { MemoryDirectory } from './memory.ts';
import { describe, describeGroup, fold, WalModel } from './model.ts';

const options = { segmentBytes: 4096 };
const seeds = fc.integer({ min: 0, max: 0x7fff_ffff });

interface Written {
  readonly directory: MemoryDirectory;
  readonly model: WalModel;
  /** Last record that was reported durable, and the last one that the newest records tell was. */
  readonly durable: number;
  readonly watermark: number;
}

/** A log of some plans. The last `unsynced` of them were not reported durable. */
function written(random: Random, unsynced: number): Written {
  const directory = new MemoryDirectory();
  const model = new WalModel(random, 4);
  const { wal, repairs } = recoverWal(directory, options);
  directory.run(repairs);
  const plans = random.below(30) + unsynced;
  let durable = 0;
  let watermark = 0;
  for (let i = 0; i < plans; i += 1) {
    watermark = durable;
    directory.run(wal.plan(model.next(200)));
    if (i >= plans - unsynced) continue;
    durable = wal.lastNumber;
    wal.reportDurable(durable);
  }
  return { directory, model, durable, watermark };
}

function lastSegment(directory: MemoryDirectory): { readonly file: string; readonly bytes: Uint8Array } {
  const file = segmentName(directory.files.size);
  return { file, bytes: directory.files.get(file) as Uint8Array };
}

propertyRuns(300, 'an undamaged log recovers to exactly what was written, and again after its repairs', seeds, (seed) => {
  const { directory, model } = written(Random.stream([seed, 0, 0, 0], 'whole'), 0);
  for (let i = 0; i < 2; i += 1) {
    const { groups, damage, repairs, quarantined, wal } = recoverWal(directory, options);
    expect([damage, quarantined, wal.lastNumber]).toEqual([[], [], model.records.length]);
    expect(describe(groups)).toBe(describe(fold(model.records)));
    directory.run(repairs);
  }
});

propertyRuns(300, 'a tail torn above the watermark is cut to a prefix that holds everything durable', seeds, (seed) => {
  const random = Random.stream([seed, 0, 0, 0], 'torn');
  const { directory, model, durable } = written(random, 2);
  const before = directory.copy();
  const { bytes } = lastSegment(directory);
  // Unsynced sectors are those behind the durable records; find them by recovering the durable prefix alone.
  const unsyncedFrom = offsetBehind(before, durable);
  if (unsyncedFrom === undefined) return; // the durable tail lies in an older segment: nothing may be torn there
  const tearFrom = unsyncedFrom + random.below(Math.max(bytes.length - unsyncedFrom, 1));
  for (let at = tearFrom; at < bytes.length; at += 512) if (random.below(2) === 0) bytes.fill(0, at, at + random.below(513));
  const { groups, damage, wal, quarantined } = recoverWal(directory, options);
  expect([damage, quarantined]).toEqual([[], []]);
  expect(wal.lastNumber).toBeGreaterThanOrEqual(durable);
  expect(describe(groups)).toBe(describe(fold(model.records.slice(0, wal.lastNumber))));
});

/** Offset behind record `number` in the last segment; undefined where that record is not in it. */
function offsetBehind(directory: MemoryDirectory, number: number): number | undefined {
  const { bytes } = lastSegment(directory);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 56 <= bytes.length; at += 8) {
    const kind = bytes[at + 12] as number;
    const isRecord = kind >= 1 && kind <= 5 && view.getUint32(at + 24) === 0 && view.getUint32(at + 28) === number;
    if (isRecord && view.getUint32(at + 52) === 0) return at + Math.ceil((56 + view.getUint32(at + 8)) / 8) * 8;
  }
  return undefined;
}

propertyRuns(500, 'a flipped bit below the watermark never changes a group silently', seeds, (seed) => {
  const random = Random.stream([seed, 0, 0, 0], 'flip');
  const { directory, model, durable, watermark } = written(random, 0);
  const bytes = directory.files.get(segmentName(1 + random.below(directory.files.size))) as Uint8Array;
  const flips = 1 + random.below(3);
  for (let i = 0; i < flips; i += 1) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  }
  const { groups, wal, quarantined, allQuarantined } = recoverWal(directory, options);
  if (flips === 1) expect(wal.lastNumber).toBeGreaterThanOrEqual(watermark);
  // Without a later record that says otherwise, loss at the very end looks like a torn tail: then it is a prefix.
  const truth = fold(model.records.slice(0, wal.lastNumber));
  expect(wal.lastNumber).toBeLessThanOrEqual(durable);
  for (const [id, group] of truth) {
    const found = groups.get(id);
    if (quarantined.includes(id) || (found === undefined && allQuarantined)) continue;
    expect(found && describeGroup(found)).toBe(describeGroup(group));
  }
  for (const id of groups.keys()) expect(truth.has(id)).toBe(true);
});

propertyRuns(300, 'damage that is found is found again after appends, restarts and repairs', seeds, (seed) => {
  const random = Random.stream([seed, 0, 0, 0], 'again');
  const { directory } = written(random, 0);
  const bytes = directory.files.get(segmentName(1 + random.below(directory.files.size))) as Uint8Array;
  const at = random.below(bytes.length);
  bytes.fill(0xee, at, at + random.below(1024));
  let broken: GroupId[] = [];
  let unlisted = false;
  for (let restart = 0; restart < 3; restart += 1) {
    const { wal, repairs, quarantined, allQuarantined, groups } = recoverWal(directory, options);
    expect(quarantined).toEqual(expect.arrayContaining(broken));
    expect(allQuarantined || !unlisted).toBe(true);
    unlisted = allQuarantined;
    broken = [...quarantined];
    directory.run(repairs);
    for (let id = 0 as GroupId; id < 4; id = plus(id, 1)) {
      if (unlisted && !groups.has(id)) broken.push(id); // it may have lost records: its first new one does not heal it
      const hardState = { term: (9 + restart) as Term, votedFor: undefined, commitIndex: INDEX_ZERO };
      directory.run(wal.plan([{ group: id, kind: 'hardState', hardState }]));
    }
  }
});

propertyRuns(300, 'files of garbage, and truncated or spliced segments, never throw', seeds, (seed) => {
  const random = Random.stream([seed, 0, 0, 0], 'garbage');
  const { directory } = written(random, 1);
  for (let i = random.between(1, 3); i > 0; i -= 1) {
    const file = segmentName(random.between(1, directory.files.size + 1));
    const bytes = directory.files.get(file) ?? new Uint8Array(random.below(6000));
    const choice = random.below(3);
    if (choice === 0) random.fill(bytes, 0, random.below(bytes.length + 1));
    const length = choice === 1 ? random.below(bytes.length + 1) : bytes.length;
    if (choice === 2) bytes.copyWithin(random.below(bytes.length + 1), random.below(bytes.length + 1), bytes.length);
    directory.files.set(file, bytes.slice(0, length));
  }
  const { repairs, wal } = recoverWal(directory, options);
  directory.run(repairs);
  const hardState = { term: 1 as Term, votedFor: undefined, commitIndex: INDEX_ZERO };
  directory.run(wal.plan([{ group: 0 as GroupId, kind: 'hardState', hardState }]));
  expect(recoverWal(directory, options).wal.lastNumber).toBe(wal.lastNumber);
});
