/** fsck on simulated disks: whole directories are whole, each kind of damage is found where it is, and nothing is ever changed. */
import { describe, expect, test } from 'vitest';
import { checkDirectory } from '../../core/fsck/fsck.ts';
import { type FsckReport, isSound } from '../../core/fsck/report.ts';
import { portableHasher } from '../../core/hasher.ts';
import { GLOBAL_GROUP } from '../../core/ids.ts';
import { parseSnapshotName } from '../../core/snapshot/file.ts';
import { segmentName } from '../../core/wal/segment.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { createVault, writeRequest } from './vaults.ts';

/** A stopped node that has written so much that there are checkpoints of its group, with the log behind them. */
function stoppedNode(writes: number): TestNode {
  const cluster = new TestCluster(1, 1, 'rounds', {
    segmentBytes: 8 * 1024,
    snapshots: { checkpointLogBytes: 4 * 1024, trailEntries: 0 },
  });
  cluster.boot();
  const { vault, session } = createVault(cluster);
  for (let i = 0; i < writes; i += 1) {
    const tuple = { resource: `document:${i}`, relation: 'viewer', subject: `user:${i % 5}` };
    cluster.ask(cluster.leader(1), writeRequest(vault, session, i + 2, tuple));
    if (i % 50 === 0) cluster.pass(200_000);
  }
  const [node] = cluster.nodes as [TestNode];
  cluster.pass(1_000_000);
  cluster.kill(node, false);
  return node;
}

function check(node: TestNode): FsckReport {
  const before = node.disk.list().map((name) => [name, node.disk.read(name, 0, node.disk.size(name) ?? 0)]);
  const report = checkDirectory(node.disk, portableHasher);
  expect(node.disk.list().map((name) => [name, node.disk.read(name, 0, node.disk.size(name) ?? 0)])).toEqual(before);
  return report;
}

function damaged(report: FsckReport): readonly string[] {
  return report.findings.filter(({ level }) => level === 'damaged').map(({ group, what }) => `${group ?? 'node'}: ${what}`);
}

function flip(node: TestNode, file: string, offset: number): void {
  const [byte] = node.disk.read(file, offset, 1) as unknown as [number];
  node.disk.execute({ op: 'write', file, offset, bytes: Uint8Array.of(byte ^ 0x40) });
}

function checkpoints(node: TestNode): readonly string[] {
  return node.disk.list().filter((name) => parseSnapshotName(name)?.stage === 'whole' && parseSnapshotName(name)?.group === 1);
}

describe('fsck', () => {
  test('of a whole directory rebuilds what the node had applied', () => {
    const node = stoppedNode(40);
    const report = check(node);
    expect(damaged(report)).toEqual([]);
    const state = node.replica.group(1 as never)?.state;
    expect(report.groups.map(({ group }) => group)).toEqual([GLOBAL_GROUP, 1]);
    expect(report.groups[1]).toMatchObject({ sound: true, vaults: 1 });
    expect(report.groups[1]?.checkpoint).toBeGreaterThan(0);
    expect(report.groups[1]?.lastIndex).toBe(state?.lastApplied);
  });

  test('of a node that belongs to no cluster yet finds nothing', () => {
    const cluster = new TestCluster(1, 1, 'rounds', { segmentBytes: 8 * 1024 });
    const [node] = cluster.nodes as [TestNode];
    cluster.open(node);
    cluster.settle();
    expect(check(node)).toMatchObject({ cluster: undefined, groups: [], findings: [] });
  });

  test('names a checkpoint with a flipped byte, and goes on with the one before', () => {
    const node = stoppedNode(200);
    const names = checkpoints(node);
    expect(names).toHaveLength(2);
    const newest = names.at(-1) as string;
    flip(node, newest, Math.floor((node.disk.size(newest) as number) / 2));
    const report = check(node);
    expect(damaged(report)).toEqual([`1: the checkpoint ${newest} cannot be read`]);
    expect(report.groups[1]).toMatchObject({ sound: true, checkpoint: parseSnapshotName(names[0] as string)?.index });
  });

  test('says that a group is lost here where no checkpoint is left', () => {
    const node = stoppedNode(200);
    for (const name of checkpoints(node)) flip(node, name, Math.floor((node.disk.size(name) as number) / 2));
    const report = check(node);
    expect(report.groups[1]).toMatchObject({ sound: false });
    expect(damaged(report).at(-1)).toMatch(/^1: no checkpoint leads to its log/);
    expect(report.groups[0]).toMatchObject({ sound: true });
  });

  test('names the place of damage in the middle of the log, which is not a torn tail', () => {
    const node = stoppedNode(200);
    const [first] = node.disk.list().filter((name) => /^wal-/.test(name) || name === segmentName(1)) as [string];
    flip(node, first, 4 * 1024);
    const report = check(node);
    expect(isSound(report)).toBe(false);
    expect(damaged(report)[0]).toMatch(new RegExp(`^node: ${first} at byte [0-9]+: `));
  });

  test('a CLUSTER without its log is said to be one', () => {
    const node = stoppedNode(3);
    for (const name of node.disk.list()) {
      if (name !== 'IDENTITY' && name !== 'CLUSTER') node.disk.execute({ op: 'remove', file: name });
    }
    expect(damaged(check(node))).toEqual(['node: the log is gone']);
  });
});
