/** Encrypted nodes: what stands on their disks, and a deletion through every crash. */
import { describe, expect, test } from 'vitest';
import { Writer } from '../../core/bytes/writer.ts';
import type { ClientRequest, SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import { createKeyFile } from '../../core/replica/sealing.ts';
import { nativeCipher } from '../../node/keys/native-cipher.ts';
import { filesWith, openedText, vaultsWithKeys } from '../seal/search.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

const MARKER = `m${'0123456789abcdef'.repeat(4)}`;
const masterOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

function sealedCluster(size: number, checkpointLogBytes: number = 1 << 30): TestCluster {
  const cipher = nativeCipher(masterOf(1));
  const cluster = new TestCluster(size, 1, 'rounds', { cipher, snapshots: { checkpointLogBytes, chunkBytes: 2048 } });
  for (const node of cluster.nodes) for (const op of createKeyFile(cipher)) node.disk.execute(op);
  cluster.boot();
  return cluster;
}

function secret(vault: VaultEntry, session: SessionRef, sequence: number): ClientRequest {
  return writeRequest(vault, session, sequence, { resource: `doc:${sequence}`, relation: 'viewer', subject: `user:${MARKER}` });
}

function deletion({ group, organization, id }: VaultEntry, session: SessionRef, sequence: number): ClientRequest {
  return { kind: 'deleteVault', group, organization, vault: id, command: { session, sequence, lowestUnanswered: 1 } };
}

function digestOf(node: TestNode, group: GroupId): string {
  const out = new Writer();
  node.replica.group(group)?.state.digest(out);
  return Buffer.from(out.finish()).toString('hex');
}

/** Every node has applied everything, and all have the same. */
function expectSame(cluster: TestCluster, group: GroupId): void {
  const last = (node: TestNode): number => node.replica.group(group)?.state.lastApplied ?? 0;
  cluster.runUntil(() => {
    const { commitIndex } = cluster.leader(group).replica.group(group)?.raft.status() ?? { commitIndex: -1 };
    return cluster.nodes.every((node) => last(node) === commitIndex);
  });
  expect(new Set(cluster.nodes.map((node) => digestOf(node, group))).size).toBe(1);
  for (const node of cluster.nodes) {
    expect(node.fatals).toEqual([]);
    expect(node.replica.group(group)?.quarantined).toBe(false);
  }
}

describe('an encrypted node', () => {
  test('keeps nothing of a vault in clear, neither in its log nor in a checkpoint, and starts again from both', () => {
    for (const isSealed of [false, true]) {
      const cluster = isSealed
        ? sealedCluster(1, 4096)
        : new TestCluster(1, 1, 'rounds', { snapshots: { checkpointLogBytes: 4096 } });
      if (!isSealed) cluster.boot();
      const { vault, session } = createVault(cluster);
      const node = cluster.nodes[0] as TestNode;
      for (let sequence = 2; sequence < 40; sequence += 1) {
        expectKind(cluster.ask(node, secret(vault, session, sequence)), 'transacted');
      }
      cluster.pass(1_000_000);
      const found = filesWith(node.disk, [MARKER]);
      const kinds = new Set(found.map((name) => name.slice(0, 4)));
      expect(kinds).toEqual(isSealed ? new Set() : new Set(['page', 'wal-'])); // the control: without it, they are there
      if (isSealed) expect(openedText(node.disk, nativeCipher(masterOf(1)))).toContain(MARKER);
      const before = digestOf(node, vault.group);
      cluster.kill(node, true);
      cluster.open(node);
      const tuple = { resource: 'doc:5', relation: 'viewer', subject: `user:${MARKER}` };
      cluster.runUntil(() => digestOf(node, vault.group).length >= before.length);
      expect(cluster.ask(cluster.leader(vault.group), checkRequest(vault, 'linearizable', { tuple }))).toMatchObject({
        present: true,
      });
    }
  });

  test('answers that a deleted vault was deleted, and its disk holds no key and nothing that opens', () => {
    const cluster = sealedCluster(1, 4096);
    const { vault, session } = createVault(cluster);
    const node = cluster.nodes[0] as TestNode;
    for (let sequence = 2; sequence < 30; sequence += 1) cluster.ask(node, secret(vault, session, sequence));
    expect(vaultsWithKeys(node.disk)).toEqual([vault.id]);
    expect(cluster.ask(node, deletion(vault, session, 50))).toEqual({ kind: 'vaultDeleted', vault: vault.id });
    cluster.pass(2_000_000);
    expect(cluster.ask(node, checkRequest(vault, 'linearizable'))).toMatchObject({ kind: 'error', code: 'vault_deleted' });
    expect(cluster.ask(node, secret(vault, session, 51))).toMatchObject({ kind: 'error', code: 'vault_deleted' });
    expect(vaultsWithKeys(node.disk)).toEqual([]);
    expect(openedText(node.disk, nativeCipher(masterOf(1)))).not.toContain(MARKER);
    const before = digestOf(node, vault.group);
    cluster.kill(node, true);
    cluster.open(node);
    cluster.leader(vault.group);
    expect(cluster.ask(node, checkRequest(vault, 'linearizable'))).toMatchObject({ code: 'vault_deleted' });
    expect(digestOf(node, vault.group).length).toBe(before.length);
    expect(node.replica.group(vault.group)?.quarantined).toBe(false);
  });

  test('is refused without its key file, and with an older one that lacks a key it is not taken for shredded', () => {
    const cluster = sealedCluster(1);
    const node = cluster.nodes[0] as TestNode;
    const older = node.disk.read('keys', 0, node.disk.size('keys') ?? 0);
    const { vault, session } = createVault(cluster);
    cluster.ask(node, secret(vault, session, 2));
    cluster.kill(node, false);
    const newer = node.disk.read('keys', 0, node.disk.size('keys') ?? 0);
    expect(newer.length).toBeGreaterThan(older.length);
    node.disk.execute({ op: 'remove', file: 'keys' });
    expect(() => cluster.open(node)).toThrow(/no file keys/);
    node.disk.execute({ op: 'create', file: 'keys', sizeBytes: older.length });
    node.disk.execute({ op: 'write', file: 'keys', offset: 0, bytes: older });
    cluster.open(node);
    cluster.settle();
    expect(node.fatals).toContainEqual(expect.objectContaining({ scope: vault.group, code: 'log_damaged' }));
  });
});

test('a new vault’s key is durable ahead of what is sealed with it: power loss behind any operation leaves a log that opens', () => {
  let crashes = 0;
  for (let operations = 0; operations < 30; operations += 1) {
    const cluster = sealedCluster(1);
    const { vault, session } = createVault(cluster);
    const node = cluster.nodes[0] as TestNode;
    const other = { ...vault, id: vault.id.replace(/.$/, (last) => (last === '0' ? '1' : '0')) as VaultEntry['id'] };
    const command = { session, sequence: 2, lowestUnanswered: 1 };
    const { group, organization } = vault;
    node.operationsLeft = operations;
    cluster.send(node, { kind: 'createVault', group, organization, vault: other.id, command });
    cluster.settle();
    if (node.running) node.operationsLeft = Number.POSITIVE_INFINITY;
    else {
      crashes += 1;
      cluster.open(node);
    }
    expectKind(
      cluster.ask(cluster.leader(group), { kind: 'createVault', group, organization, vault: other.id, command }),
      'vaultCreated',
    );
    expect(node.fatals, `power loss behind operation ${operations}`).toEqual([]);
  }
  expect(crashes).toBeGreaterThan(4);
});

describe('a deletion', () => {
  /** Reaches a point that lies in the middle of the deletion, loses power there, and everything comes right. */
  test('survives power loss behind every operation of a disk: all replicas arrive at one state, and no key is left', {
    timeout: 120_000,
  }, () => {
    let crashes = 0;
    for (let operations = 0; operations < 60; operations += 1) {
      const cluster = sealedCluster(3);
      const { vault, session } = createVault(cluster);
      const leader = cluster.leader(vault.group);
      for (let sequence = 2; sequence < 6; sequence += 1) cluster.ask(leader, secret(vault, session, sequence));
      const laggard = cluster.nodes.find((node) => node !== leader) as TestNode;
      cluster.isolate(laggard);
      for (let sequence = 6; sequence < 9; sequence += 1) cluster.ask(leader, secret(vault, session, sequence));
      leader.operationsLeft = operations;
      cluster.send(leader, deletion(vault, session, 50));
      for (let i = 0; i < 40 && leader.running; i += 1) cluster.pass(20_000);
      if (leader.running) leader.operationsLeft = Number.POSITIVE_INFINITY;
      else {
        crashes += 1;
        cluster.open(leader);
      }
      cluster.cut.clear();
      cluster.leader(vault.group);
      // The client asks again, wherever the first deletion got to.
      expectKind(cluster.ask(cluster.leader(vault.group), deletion(vault, session, 50)), 'vaultDeleted');
      cluster.pass(2_000_000);
      expectSame(cluster, vault.group);
      for (const node of cluster.nodes) {
        expect(vaultsWithKeys(node.disk), `crash behind operation ${operations}`).toEqual([]);
        expect(openedText(node.disk, nativeCipher(masterOf(1)))).not.toContain(MARKER);
      }
    }
    expect(crashes).toBeGreaterThan(10);
  });
});
