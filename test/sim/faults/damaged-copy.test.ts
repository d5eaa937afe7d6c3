/** Every damaged copy of a data directory is met as it must be; a core that takes one for whole is caught. */

import { expect, test } from 'vitest';
import { defined } from '../../../core/assert.ts';
import { celConditions } from '../../../core/authz/cel.ts';
import { parsePageFileName } from '../../../core/checkpoint/file.ts';
import { findCheckpoint, openCheckpoint } from '../../../core/checkpoint/open.ts';
import type { DirectoryReader, Effect, FileOp, InputBody } from '../../../core/effect.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, type Micros, type NodeId, plus, type RequestId } from '../../../core/ids.ts';
import { createDirectory } from '../../../core/replica/directory.ts';
import { foundingManifest } from '../../../core/replica/manifest.ts';
import { Replica } from '../../../core/replica/replica.ts';
import { SnapshotBuilder } from '../../../core/snapshot/builder.ts';
import { snapshotName } from '../../../core/snapshot/file.ts';
import { SECTIONS } from '../../../core/snapshot/manifest.ts';
import { GroupState } from '../../../core/state/group-state.ts';
import { writeSnapshot } from '../../../sim/damaged-copies/checkpoints.ts';
import { CopiedDirectory } from '../../../sim/damaged-copies/copy.ts';
import { SimDisk } from '../../../sim/disk.ts';
import { entropyFrom } from '../../../sim/entropy.ts';
import { fastHasher } from '../../../sim/hasher.ts';
import { seedWords } from '../../../sim/seed.ts';
import { Choices } from '../../../sim/tape.ts';
import { FAMILIES, openDamagedCopy } from '../../../sim/vouch-damaged-copy.ts';

const DATA_GROUP = plus(GLOBAL_GROUP, 1) as GroupId;
const clocks = { now: 1000 as Micros, wall: 1000 as Micros };

function carryOut(disk: SimDisk, ops: readonly FileOp[]): void {
  for (const op of ops) expect(disk.execute(op)).toBeUndefined();
}

const OPTIONS = {
  hasher: fastHasher,
  conditions: celConditions,
  seed: [1, 2, 3, 4] as const,
  buggify: () => false,
  timing: { electionTimeoutMinMicros: 100_000, electionTimeoutMaxMicros: 200_000, heartbeatMicros: 20_000 },
  segmentBytes: 4096,
  snapshots: { checkpointLogBytes: 8192 },
};

/** Families that damage or offer snapshots: the groups of their directories begin with one, not with pages. */
const OF_SNAPSHOTS = ['checkpoint', 'hostileFetch'];

/** Families that need a member besides the node; the others need a node that leads alone. */
const OF_TWO = ['newGroup'];

/** The directory of a cluster of one that has led for a while, with several segments of log; or of one of two that has heard of nobody. */
function directory(choices: Choices, family: string): SimDisk {
  const disk = new SimDisk(choices.under('disk'));
  const { id, ops } = createDirectory(entropyFrom(choices.under('identity')));
  carryOut(disk, ops);
  const { replica, effects } = Replica.open(disk, clocks, { ...OPTIONS, entropy: entropyFrom(choices.under('entropy')) });
  const pending: Effect[] = [...effects];
  let now = 1000;
  const give = (input: InputBody): void => {
    pending.push(...replica.step({ ...input, now: now as Micros, wall: now as Micros }));
    for (let effect = pending.shift(); effect !== undefined; effect = pending.shift()) {
      if (effect.kind !== 'persist') continue;
      carryOut(disk, effect.ops);
      pending.push(...replica.step({ kind: 'persisted', seq: effect.seq, now: now as Micros, wall: now as Micros }));
    }
  };
  const others = OF_TWO.includes(family) ? [{ id: 'f'.repeat(32) as NodeId, address: '127.0.0.1:4101' }] : [];
  const founders = [{ id, address: '127.0.0.1:4100' }, ...others];
  const groups = [GLOBAL_GROUP, DATA_GROUP].map((group) => ({
    group,
    voters: founders.map((founder) => founder.id),
  }));
  give({ kind: 'bootstrap', manifest: foundingManifest({ cluster: 'c'.repeat(32) as ClusterId, founders, groups }) });
  for (let i = 0; i < 200; i += 1) {
    now += 100_000;
    give({ kind: 'deadline' });
    give({ kind: 'request', id: i as RequestId, body: { kind: 'openSession', group: GLOBAL_GROUP } });
  }
  if (others.length === 0) expect(disk.list().filter((name) => name.startsWith('wal-')).length).toBeGreaterThan(2);
  if (OF_SNAPSHOTS.includes(family)) snapshotsForPages(disk);
  return disk;
}

/** Puts a snapshot of the same state in the place of every checkpoint on pages, as a fetch would have left it. */
function snapshotsForPages(disk: SimDisk): void {
  for (const file of disk.list()) {
    const group = parsePageFileName(file)?.group;
    if (group === undefined) continue;
    const block = findCheckpoint(disk, file, group);
    if (typeof block === 'string') continue;
    const opened = openCheckpoint(
      disk,
      file,
      block,
      (pages) => new GroupState({ group, hasher: fastHasher, dataGroups: [DATA_GROUP], pages }),
    );
    const { state, meta } = defined(opened, 'the checkpoint is whole');
    const { configuration, term, index } = meta;
    const chunkBytes = 1024;
    const builder = new SnapshotBuilder(state.beginCapture(), {
      ...{ hasher: fastHasher, buggify: () => false, group, term, configuration, chunkBytes, sliceRecords: 100 },
    });
    const chunks: Uint8Array[][] = SECTIONS.map(() => []);
    while (!builder.done) for (const { section, bytes } of builder.work()) chunks[section]?.push(bytes);
    const name = snapshotName({ group, index });
    const { bytes } = writeSnapshot(fastHasher, builder.manifest(), chunks);
    carryOut(disk, [
      { op: 'create', file: name, sizeBytes: 0 },
      { op: 'write', file: name, offset: 0, bytes },
      { op: 'sync', file: name },
      { op: 'remove', file },
      { op: 'syncDirectory' },
    ]);
  }
}

/** Enough of each family that every kind of damage in it is drawn. */
const DAMAGES_EACH = 300;

for (const family of Object.keys(FAMILIES)) {
  test(`damages of the family ${family} are all refused, reported or survived`, () => {
    const choices = Choices.fromSeed(seedWords(`damaged copies ${family}`));
    const disk = directory(choices, family);
    const draws = choices.under('damage');
    for (let i = 0; i < DAMAGES_EACH; i += 1) {
      expect(openDamagedCopy(disk, clocks, draws, { families: [family] })).toBeUndefined();
    }
  });
}

/** Families in which the node opens as if nothing had happened, whatever is drawn, where nobody looks. */
const HARMLESS = ['leftovers', 'olderManifest', 'refusingDisk'];

for (const family of Object.keys(FAMILIES).filter((name) => !HARMLESS.includes(name))) {
  test(`of the family ${family}, a node that shows the undamaged files after all is complained about`, () => {
    const choices = Choices.fromSeed(seedWords(`stubborn ${family}`));
    const disk = directory(choices, family);
    const draws = choices.under('damage');
    const complaints = new Set<string>();
    for (let i = 0; i < DAMAGES_EACH; i += 1) {
      // What stands for a core that does not look: whatever was removed or changed, it reads the original.
      const complaint = openDamagedCopy(disk, clocks, draws, {
        families: [family],
        copy: (original) => new CopiedDirectory(original),
      });
      if (complaint !== undefined) complaints.add(complaint.replace(/\d+/g, 'N'));
    }
    expect(complaints.size).toBeGreaterThan(OF_TWO.includes(family) ? 0 : 1);
  });
}

test.each(HARMLESS)('of the family %s, a node that minds is complained about', (family) => {
  const choices = Choices.fromSeed(seedWords(`stubborn ${family}`));
  const disk = directory(choices, family);
  const options = {
    families: [family],
    copy: (original: DirectoryReader) => new CopiedDirectory(original, new Map([['IDENTITY', undefined]])),
  };
  expect(openDamagedCopy(disk, clocks, choices.under('damage'), options)).toMatch(/no_identity|groups/);
});
