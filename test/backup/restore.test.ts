/** A backup as a new cluster: what is the same in it, what is another, and what of the old one still counts. */
import { describe, expect, test } from 'vitest';
import { hasRoom } from '../../core/backup/refound.ts';
import type { SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import { checkDirectory } from '../../core/fsck/fsck.ts';
import { isSound } from '../../core/fsck/report.ts';
import { portableHasher } from '../../core/hasher.ts';
import { GLOBAL_GROUP, type GroupId, type Height, type LogIndex } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { readManifest } from '../../core/replica/directory.ts';
import type { Manifest } from '../../core/replica/manifest.ts';
import { TestCluster, type TestNode } from '../replica/harness.ts';
import { ANNE, checkRequest, createVault, expectKind, openSession, writeRequest } from '../replica/vaults.ts';
import { ADDRESS, backupOf, CLUSTER, compose, exportGroup, restoreOnto, verified } from './support.ts';

const random = Random.stream([4, 3, 2, 1], 'test/backup');

interface Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  written: number;
}

function open(size: number, dataGroups: number = 1): Book {
  const cluster = new TestCluster(size, dataGroups);
  cluster.boot();
  return { cluster, ...createVault(cluster), written: 0 };
}

function tupleOf(number: number): typeof ANNE {
  return { ...ANNE, subject: `user:${number}` };
}

function write({ cluster, vault, session }: Pick<Book, 'cluster' | 'vault' | 'session'>, number: number): unknown {
  return cluster.ask(cluster.leader(vault.group), writeRequest(vault, session, 2 + number, tupleOf(number)));
}

/** A cluster of one node, from a backup. */
function restored(bytes: Uint8Array): TestCluster {
  const cluster = new TestCluster(1);
  const node = cluster.nodes[0] as TestNode;
  restoreOnto(verified(bytes), node, random);
  expect(checkDirectory(node.disk, portableHasher).findings).toEqual([]);
  cluster.open(node);
  return cluster;
}

describe('a restored cluster', () => {
  test('has every vault as it was, history and proofs byte for byte, and goes on from there', () => {
    const old = open(3, 2);
    for (let i = 0; i < 12; i += 1) expectKind(write(old, i) as never, 'transacted');
    const bytes = backupOf(old.cluster, old.cluster.nodes[1] as TestNode);
    const cluster = restored(bytes);
    const node = cluster.nodes[0] as TestNode;
    const before = old.cluster.leader(old.vault.group).replica.group(old.vault.group)?.state.vault(old.vault.id);
    cluster.leader(old.vault.group);
    const after = node.replica.group(old.vault.group)?.state.vault(old.vault.id);
    expect(after?.anchor).toEqual(before?.anchor);

    const proven = { ...checkRequest(old.vault, 'linearizable', { tuple: tupleOf(3) }), proof: true };
    expect(cluster.ask(node, proven)).toEqual(old.cluster.ask(old.cluster.leader(old.vault.group), proven));
    for (let height = 1; height <= 13; height += 1) {
      const at = { kind: 'height', height: height as Height } as const;
      const request = checkRequest(old.vault, 'linearizable', { tuple: tupleOf(5), at });
      const answer = cluster.ask(node, request);
      expect(answer).toEqual(old.cluster.ask(old.cluster.leader(old.vault.group), request));
      expect(expectKind(answer, 'tuple').present).toBe(height >= 7);
    }

    const next = expectKind(write({ ...old, cluster }, 12) as never, 'transacted');
    expect(next.anchor.height).toBe(14);
    expect(expectKind(cluster.ask(node, checkRequest(old.vault, 'linearizable', { tuple: tupleOf(12) })), 'tuple').present).toBe(
      true,
    );
  });

  test('is another cluster, of one node that nobody knew', () => {
    const old = open(3);
    write(old, 0);
    const cluster = restored(backupOf(old.cluster, old.cluster.leader(0)));
    const node = cluster.nodes[0] as TestNode;
    cluster.leader(GLOBAL_GROUP);
    const manifest = readManifest(node.disk);
    expect(manifest?.cluster).toBe(CLUSTER);
    expect(manifest?.cluster).not.toBe(old.cluster.manifest.cluster);
    expect(manifest?.members).toMatchObject([{ id: node.id, address: ADDRESS, removed: false, role: 'voter' }]);
    const listed = cluster.ask(node, { kind: 'listMembers', consistency: 'linearizable' });
    expect(expectKind(listed, 'members').members.map(({ id }) => id)).toEqual([node.id]);
    for (const group of [0, 1]) expect(node.replica.group(group as GroupId)?.status().voters).toEqual([node.id]);

    // A frame of an old node is dropped, whatever is in it.
    const dropped = node.replica.status().droppedFrames;
    let frame: Uint8Array | undefined;
    old.cluster.wire = (bytes) => {
      frame ??= bytes.slice();
      return bytes;
    };
    write(old, 1);
    cluster.input(node, { kind: 'frame', from: (old.cluster.nodes[0] as TestNode).id, bytes: frame as Uint8Array });
    expect(node.replica.status().droppedFrames).toBe(dropped + 1);
  });

  test('answers a retry as the old one did, runs nothing twice, and knows no session that came after the backup', () => {
    const old = open(3);
    const first = write(old, 0);
    const bytes = backupOf(old.cluster, old.cluster.leader(1));
    const later = openSession(old.cluster, 1);
    const ofLater = writeRequest(old.vault, later, 1, tupleOf(7));
    expectKind(old.cluster.ask(old.cluster.leader(1), ofLater), 'transacted');

    const cluster = restored(bytes);
    expect(write({ ...old, cluster }, 0)).toEqual(first);
    // As many sessions as the old cluster has entries: in a log that went on where the backup ended one would be taken for `later`.
    for (let i = 0; i < 10; i += 1) expect(openSession(cluster, 1).index).toBeGreaterThan(2 ** 40);
    expect(cluster.ask(cluster.leader(1), ofLater)).toMatchObject({ kind: 'error', code: 'session_expired' });
  });

  test('grows to three nodes, and is backed up and restored again', () => {
    const old = open(1, 2);
    for (let i = 0; i < 5; i += 1) write(old, i);
    const cluster = restored(backupOf(old.cluster, old.cluster.nodes[0] as TestNode));
    const first = cluster.nodes[0] as TestNode;
    const directory = openSession(cluster, 0);
    for (const sequence of [1, 2]) {
      const node = cluster.join();
      const command = { session: directory, sequence, lowestUnanswered: sequence };
      const body = { kind: 'addMember', node: node.id, address: `127.0.0.1:${7500 + sequence}`, role: 'voter' } as const;
      expectKind(cluster.ask(cluster.leader(0), { kind: 'directory', command, body }), 'member');
    }
    const isVoting = (node: TestNode): boolean =>
      [0, 1, 2].every((group) => node.replica.group(group as GroupId)?.status().voters.length === 3);
    cluster.runUntil(() => cluster.nodes.every(isVoting));
    write({ ...old, cluster }, 5);
    const again = restored(backupOf(cluster, cluster.nodes[2] as TestNode));
    again.leader(old.vault.group);
    const anchorOn = (node: TestNode) => node.replica.group(old.vault.group)?.state.vault(old.vault.id)?.anchor;
    expect(anchorOn(again.nodes[0] as TestNode)).toEqual(anchorOn(first));
    expect(expectKind(write({ ...old, cluster: again }, 6) as never, 'transacted').anchor.height).toBe(8);
  });

  test('has the groups of organizations, on the restored cluster’s one node, and none that was made after the directory was read', () => {
    const old = open(3);
    const session = openSession(old.cluster, 0);
    const make = (sequence: number, name: string): GroupId => {
      const command = { session, sequence, lowestUnanswered: sequence };
      const body = { kind: 'createOrganization', name, placement: { kind: 'new', replicas: 3 } } as const;
      return expectKind(old.cluster.ask(old.cluster.leader(0), { kind: 'directory', command, body }), 'organization')
        .group as GroupId;
    };
    const group = make(1, 'beta');
    old.cluster.leader(group);
    const node = old.cluster.leader(0);
    const directory = exportGroup(old.cluster, node, GLOBAL_GROUP);
    const late = make(2, 'gamma');
    old.cluster.leader(late);
    const others = ([1, group, late] as GroupId[]).map((each) => exportGroup(old.cluster, node, each));
    const bytes = compose(node.replica.manifest() as Manifest, [directory, ...others]);

    const backup = verified(bytes);
    expect(backup.placed.map((placed) => placed.group)).toEqual([group]);
    expect(backup.passedOver).toEqual([late]);
    const cluster = restored(bytes);
    cluster.leader(group);
    const restoredNode = cluster.nodes[0] as TestNode;
    expect(restoredNode.replica.manifest()?.placed).toMatchObject([{ group, replicas: 3, voters: [restoredNode.id] }]);
    expect(restoredNode.replica.group(group)?.status().voters).toEqual([restoredNode.id]);
    expect(restoredNode.replica.group(late)).toBeUndefined();
  });
});

test('a directory without its checkpoint is refused rather than begun anew', () => {
  const old = open(1);
  write(old, 0);
  const node = new TestCluster(1).nodes[0] as TestNode;
  restoreOnto(verified(backupOf(old.cluster, old.cluster.nodes[0] as TestNode)), node, random);
  const name = node.disk.list().find((file) => file.startsWith('snap-0000000001')) as string;
  node.disk.execute({ op: 'remove', file: name });
  expect(isSound(checkDirectory(node.disk, portableHasher))).toBe(false);
});

test('a log that has leapt so often that no room is left is not restored once more', () => {
  const old = open(1);
  const backup = verified(backupOf(old.cluster, old.cluster.nodes[0] as TestNode));
  const at = (index: number) => ({ ...backup, groups: backup.groups.map((group) => ({ ...group, index: index as LogIndex })) });
  expect([at(5), at(2 ** 52 - 2 ** 44), at(2 ** 52 - 2 ** 40), at(2 ** 52)].map((each) => hasRoom(each, 2 ** 44))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
