/**
 * Exports while nodes crash, lose power, are cut off and fetch snapshots, in a drawn order: each one that ends is whole, at or
 * behind everything that was committed anywhere when it began; each question gets one answer; and no group is quarantined.
 */
import { expect, test } from 'vitest';
import type { GroupId, RequestId } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { decodeSnapshotHeader } from '../../core/snapshot/file.ts';
import { compose, verify } from '../backup/support.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, createVault, writeRequest } from './vaults.ts';

const SNAPSHOTS = {
  checkpointLogBytes: 4096,
  chunkBytes: 512,
  trailEntries: 0,
  pullMicros: 50_000,
  sliceRecords: 2,
  servedMicros: 0,
};
const ROUNDS = 200;

interface Running {
  readonly node: TestNode;
  /** Of the node's life in which it began. */
  readonly replica: TestNode['replica'];
  readonly group: GroupId;
  readonly id: RequestId;
  readonly committedBefore: number;
  readonly pieces: Uint8Array[];
}

function committedAnywhere(cluster: TestCluster, group: GroupId): number {
  const running = cluster.nodes.filter((node) => node.running);
  return Math.max(0, ...running.map((node) => node.replica.group(group)?.raft.commitIndex ?? 0));
}

test.each([1, 2, 3, 4, 5, 6])('exports under faults are whole and fresh (seed %i)', (seed) => {
  const random = Random.stream([seed, 2, 3, 4], 'test/exports');
  const cluster = new TestCluster(3, 1, 'rounds', { snapshots: SNAPSHOTS, segmentBytes: 8192, pageBytes: 512 });
  cluster.boot();
  const { vault, session } = createVault(cluster);
  let exports: Running[] = [];
  let [written, ids, whole] = [0, 5_000_000, 0];

  const take = (each: Running): boolean => {
    const { node, id, group } = each;
    if (!node.running || node.replica !== each.replica) return false; // it died with its node
    const answer = node.replies.get(id);
    const piece = node.pieces.get(id);
    expect(answer !== undefined && piece !== undefined).toBe(false);
    if (answer !== undefined) {
      expect(answer).toMatchObject({ kind: 'error' });
      return false;
    }
    if (piece === undefined) return true;
    node.pieces.delete(id);
    each.pieces.push(piece.bytes);
    if (!piece.last) {
      cluster.input(node, { kind: 'export', id, group, ask: 'more' });
      return true;
    }
    const bytes = new Uint8Array(Buffer.concat(each.pieces));
    expect(decodeSnapshotHeader(bytes)?.index).toBeGreaterThanOrEqual(each.committedBefore);
    // Of a backup with this group alone the other one is missing, and nothing else is wrong.
    const missing = group === 0 ? 'The backup lacks group 1.' : 'out of order';
    expect(verify(compose(cluster.manifest, [bytes]))).toMatchObject({ fault: { message: expect.stringContaining(missing) } });
    whole += 1;
    return false;
  };

  for (let round = 0; round < ROUNDS; round += 1) {
    const node = cluster.nodes[random.between(0, 2)] as TestNode;
    const choice = random.between(0, 19);
    if (choice <= 7) {
      const leader = cluster.nodes.find((each) => each.running && each.replica.group(vault.group)?.raft.role === 'leader');
      if (leader !== undefined) {
        cluster.send(leader, writeRequest(vault, session, 2 + written, { ...ANNE, subject: `user:${written}` }));
        written += 1;
      }
    } else if (choice <= 15 && node.running && exports.length < 6) {
      ids += 1;
      const group = random.between(0, 1) as GroupId;
      const committedBefore = committedAnywhere(cluster, group);
      const begun = { node, replica: node.replica, group, id: ids as RequestId, committedBefore, pieces: [] };
      exports.push(begun);
      cluster.input(node, { kind: 'export', id: begun.id, group, ask: 'begin' });
    } else if (choice === 16) {
      const dead = cluster.nodes.find((each) => !each.running);
      if (dead === undefined) cluster.kill(node, random.between(0, 1) === 1);
      else cluster.open(dead);
    } else if (choice === 17) {
      if (cluster.cut.size > 0) cluster.cut.clear();
      else cluster.isolate(node);
    } else if (exports.length > 0) {
      const [given] = exports.splice(random.between(0, exports.length - 1), 1) as [Running];
      if (given.node.replica === given.replica && given.node.running)
        cluster.input(given.node, { kind: 'export', id: given.id, group: given.group, ask: 'end' });
    }
    cluster.pass(random.between(1, 100_000));
    exports = exports.filter(take);
  }

  cluster.cut.clear();
  for (const node of cluster.nodes) if (!node.running) cluster.open(node);
  cluster.runUntil(() => {
    exports = exports.filter(take);
    return exports.length === 0;
  });
  expect(cluster.nodes.flatMap((node) => node.fatals)).toEqual([]);
  expect(whole).toBeGreaterThan(5);
  // Nothing holds a state any longer, once the checkpoints under way are written.
  const isFree = (node: TestNode): boolean => [0, 1].every((id) => node.replica.group(id as GroupId)?.state.isCaptured !== true);
  cluster.runUntil(() => cluster.nodes.every(isFree));
});
