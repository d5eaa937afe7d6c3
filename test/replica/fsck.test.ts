/** fsck on simulated disks: whole directories are whole, each kind of damage is found where it is, and nothing is ever changed. */
import { describe, expect, test } from 'vitest';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import { checkDirectory } from '../../core/fsck/fsck.ts';
import { type FsckReport, isSound } from '../../core/fsck/report.ts';
import { GLOBAL_GROUP, type GroupId, type Height, type LogIndex, type NodeId, type VaultId } from '../../core/ids.ts';
import { FIRST_PAGE_AT } from '../../core/page/page-file.ts';
import { DIVERGED_FILE, encodeNote } from '../../core/replica/divergence-note.ts';
import { encodeSigningHeader, SIGNING_FILE } from '../../core/signing/record-file.ts';
import { segmentName } from '../../core/wal/segment.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { registered, signingCluster } from '../signing/cluster.ts';
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
  const report = checkDirectory(node.disk, nativeHasher);
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

function pageFile(node: TestNode): string {
  const names = node.disk.list().filter((name) => parsePageFileName(name)?.group === 1);
  expect(names).toHaveLength(1);
  return names[0] as string;
}

/** The newest superblock's two copies, by their first bytes. */
function wipeSuperblocks(node: TestNode, slots: readonly number[]): void {
  for (const slot of slots) flip(node, pageFile(node), slot * 4096 + 30);
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

  test('names a page with a flipped byte, and the vault that it takes with it', () => {
    const node = stoppedNode(200);
    const file = pageFile(node);
    const pages = Math.floor(((node.disk.size(file) as number) - FIRST_PAGE_AT) / 8192);
    let named = 0;
    for (let sample = 0; sample < 12; sample += 1) {
      const at = FIRST_PAGE_AT + Math.floor((sample * pages) / 12) * 8192 + 100;
      flip(node, file, at);
      const report = check(node);
      flip(node, file, at);
      if (isSound(report)) continue; // a page of an older checkpoint, which nobody needs
      named += 1;
      const page = 1 + Math.floor((at - FIRST_PAGE_AT) / 8192);
      const texts = damaged(report);
      const expected = `1: page ${page} of ${file}, at byte ${FIRST_PAGE_AT + (page - 1) * 8192}, is not what was written`;
      expect(texts.includes(expected) || texts.includes(`1: the page table of ${file} cannot be read`)).toBe(true);
      expect(report.groups[1]).toMatchObject({ sound: false });
      expect(report.groups[0]).toMatchObject({ sound: true });
    }
    expect(named).toBeGreaterThan(3);
  });

  test('takes the second copy of a superblock for the first, and says where both are gone', () => {
    const node = stoppedNode(200);
    const whole = check(node).groups[1];
    for (const slot of [0, 2]) wipeSuperblocks(node, [slot]);
    expect(check(node).groups[1]).toEqual(whole);
    for (const slot of [1, 3]) wipeSuperblocks(node, [slot]);
    const report = check(node);
    expect(report.groups[1]).toMatchObject({ sound: false });
    expect(damaged(report)).toEqual([
      `1: no superblock of ${pageFile(node)} can be read`,
      '1: no checkpoint leads to its log, which does not reach back to the beginning',
    ]);
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

describe('the files that stand beside the groups', () => {
  const put = (node: TestNode, file: string, bytes: Uint8Array): void => {
    node.disk.execute({ op: 'create', file, sizeBytes: bytes.length });
    node.disk.execute({ op: 'write', file, offset: 0, bytes });
  };
  const vault = '01HZZZZZZZZZZZZZZZZZZZZZZZ' as VaultId;
  const blockHash = new Uint8Array(32).fill(0xab);
  const diverged = encodeNote(new Map([[1 as GroupId, [{ vault, height: 7 as Height, index: 258 as LogIndex, blockHash }]]]));

  test('what is isolated is told, and is no damage; a damaged DIVERGED keeps the node from starting', () => {
    const node = stoppedNode(1);
    put(node, DIVERGED_FILE, diverged);
    const report = check(node);
    expect(isSound(report)).toBe(true);
    expect(report.findings).toMatchObject([
      { level: 'noted', group: 1, what: expect.stringContaining(`vault ${vault} is isolated`) },
    ]);
    flip(node, DIVERGED_FILE, 20);
    expect(damaged(check(node))).toEqual([expect.stringMatching(/^node: DIVERGED, which names vaults .* is damaged/)]);
  });

  test('a damaged SIGNING, and one of another node, are found; a whole one is not mentioned', () => {
    const cluster = signingCluster(1, { segmentBytes: 8 * 1024 });
    registered(cluster);
    const [node] = cluster.nodes as [TestNode];
    cluster.kill(node, false);
    expect(check(node).findings).toEqual([]);
    const other = encodeSigningHeader({
      node: '0123456789abcdef0123456789abcdef' as NodeId,
      publicKey: new Uint8Array(32).fill(1),
      form: 'clear',
      secret: new Uint8Array(32).fill(2),
    });
    flip(node, SIGNING_FILE, 30);
    expect(damaged(check(node))).toEqual(['node: the file SIGNING is damaged']);
    node.disk.execute({ op: 'write', file: SIGNING_FILE, offset: 0, bytes: other });
    expect(damaged(check(node))).toEqual(['node: the file SIGNING is another node’s']);
  });
});
