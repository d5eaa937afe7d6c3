/** Backups in memory: taken from replicas in lock step, read back, and restored onto a simulated disk. */
import { createHash } from 'node:crypto';
import { restoredDirectory } from '../../core/backup/directory.ts';
import { drawLeap } from '../../core/backup/refound.ts';
import { type BackupContents, type BackupFile, type BackupResult, type RunningHash, scanBackup } from '../../core/backup/scan.ts';
import { type VerifiedBackup, verifyBackup } from '../../core/backup/verify.ts';
import { BackupWriter } from '../../core/backup/writer.ts';
import { concatBytes } from '../../core/bytes/compare.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { ClusterId, GroupId, Micros, RequestId } from '../../core/ids.ts';
import type { Random } from '../../core/random.ts';
import { encodeManifest, groupsOf, type Manifest } from '../../core/replica/manifest.ts';
import { decodeSnapshotHeader } from '../../core/snapshot/file.ts';
import type { TestCluster, TestNode } from '../replica/harness.ts';

export const CLUSTER: ClusterId = 'c0'.repeat(16) as ClusterId;
export const ADDRESS = '127.0.0.1:7400';

export function sha256(): RunningHash {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: () => new Uint8Array(hash.digest()) };
}

export function inMemory(bytes: Uint8Array): BackupFile {
  return { size: bytes.length, read: (offset, length) => bytes.slice(Math.max(offset, 0), Math.max(offset, 0) + length) };
}

function finish<T>(steps: Generator<number, T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

export function scan(bytes: Uint8Array): BackupResult<BackupContents> {
  return finish(scanBackup(inMemory(bytes), portableHasher, sha256()));
}

export function verify(bytes: Uint8Array): BackupResult<VerifiedBackup> {
  const scanned = scan(bytes);
  return scanned.ok ? finish(verifyBackup(scanned.value, portableHasher)) : scanned;
}

export function verified(bytes: Uint8Array): VerifiedBackup {
  const result = verify(bytes);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

let exports = 1_000_000;

/** One piece after the other. @param between after each of them: what happens meanwhile */
export function exportGroup(
  cluster: TestCluster,
  node: TestNode,
  group: GroupId,
  between: () => void = () => undefined,
): Uint8Array {
  exports += 1;
  const id = exports as RequestId;
  const pieces: Uint8Array[] = [];
  for (let ask: 'begin' | 'more' = 'begin'; ; ask = 'more') {
    node.pieces.delete(id);
    cluster.input(node, { kind: 'export', id, group, ask });
    cluster.runUntil(() => node.pieces.has(id) || node.replies.has(id));
    const refused = node.replies.get(id);
    if (refused !== undefined) throw new Error(refused.kind === 'error' ? refused.message : refused.kind);
    const { bytes, last } = node.pieces.get(id) as { bytes: Uint8Array; last: boolean };
    pieces.push(bytes);
    if (last) return concatBytes(...pieces);
    between();
  }
}

/** The bytes of a backup. @param between after each piece: what happens meanwhile */
export function backupOf(cluster: TestCluster, node: TestNode, between: () => void = () => undefined): Uint8Array {
  const manifest = node.replica.manifest() as Manifest;
  const snapshots = groupsOf(manifest).map(({ group }) => {
    cluster.leader(group); // while there is none, nobody can say what is linearizable
    return exportGroup(cluster, node, group, between);
  });
  return compose(manifest, snapshots);
}

export function compose(manifest: Manifest, snapshots: readonly Uint8Array[]): Uint8Array {
  const writer = new BackupWriter(sha256());
  const out = [...writer.begin({ time: 1_700_000_000_000_000 as Micros, version: '0.1.0', manifest: encodeManifest(manifest) })];
  for (const snapshot of snapshots) {
    const place = decodeSnapshotHeader(snapshot);
    if (place === undefined) throw new Error('an export begins as a snapshot does');
    out.push(writer.group(place), writer.part(snapshot));
  }
  out.push(writer.end());
  return concatBytes(...out);
}

/** Restores a backup onto the disk of a node that has an identity and nothing else, as `vouch restore` does. */
export function restoreOnto(backup: VerifiedBackup, node: TestNode, random: Random): void {
  const leap = drawLeap({ fill: (out, offset, length) => random.fill(out, offset, length) });
  const refounding = { cluster: CLUSTER, node: { id: node.id, address: ADDRESS }, leap };
  for (const batch of restoredDirectory(backup, { refounding, hasher: portableHasher })) {
    for (const op of batch) {
      const refused = node.disk.execute(op);
      if (refused !== undefined) throw new Error(`${op.op} refused: ${refused}`);
    }
  }
}
