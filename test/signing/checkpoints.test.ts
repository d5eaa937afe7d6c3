/** Keys that come into the directory by themselves, and checkpoints with the signatures of the group's nodes. */
import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../core/codec/frame.ts';
import { GLOBAL_GROUP } from '../../core/ids.ts';
import { vaultOrigin } from '../../core/note/names.ts';
import { decodeSigningBlock, encodeSigningBlock } from '../../core/signing/record-file.ts';
import type { TestCluster, TestNode } from '../replica/harness.ts';
import { createVault, expectKind, writeRequest } from '../replica/vaults.ts';
import { askCheckpoint, checked, ed25519Keys, registered, signingCluster } from './cluster.ts';

function other(cluster: TestCluster, ...than: readonly TestNode[]): TestNode {
  return cluster.nodes.find((node) => node.running && !than.includes(node)) as TestNode;
}

test('every node’s key comes into the directory by itself, and a checkpoint has the lines of all of them', () => {
  const cluster = signingCluster(3);
  const { vault, session } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  expectKind(cluster.ask(leader, writeRequest(vault, session, 2)), 'transacted');
  for (const node of [leader, other(cluster, leader)]) {
    const found = checked(cluster, node, askCheckpoint(cluster, node, vault, 3));
    const state = node.replica.group(vault.group)?.state.vault(vault.id);
    expect(found.origin).toBe(
      vaultOrigin({ cluster: cluster.manifest.cluster, organization: vault.organization, vault: vault.id }),
    );
    expect(found.size).toBe(2);
    expect(found.root).toEqual(state?.log.root(2));
    expect(found.signers).toEqual(cluster.nodes.map(({ id }) => id).toSorted());
  }
});

test('the same with Ed25519', () => {
  const cluster = signingCluster(1, { signing: ed25519Keys });
  const { vault } = createVault(cluster);
  registered(cluster);
  const [node] = cluster.nodes as [TestNode];
  expect(checked(cluster, node, askCheckpoint(cluster, node, vault), ed25519Keys).signers).toEqual([node.id]);
});

test('a majority is enough unless more is asked for; who asks for all hears how many signed in time', () => {
  const cluster = signingCluster(3);
  const { vault } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const down = other(cluster, leader);
  cluster.kill(down, true);
  const found = checked(cluster, leader, askCheckpoint(cluster, leader, vault));
  expect(found.signers).toHaveLength(2);
  expect(found.signers).not.toContain(down.id);
  expect(askCheckpoint(cluster, leader, vault, 3)).toMatchObject({ kind: 'error', code: 'unavailable' });
  expect(askCheckpoint(cluster, leader, vault, 4)).toMatchObject({ kind: 'error', code: 'invalid_argument' });
});

test('a restarted node signs with the same key, and goes on from what it signed', () => {
  const cluster = signingCluster(3);
  const { vault, session } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3));
  const before = cluster.nodes.map((node) => node.replica.status().signing?.publicKey);
  for (const node of cluster.nodes) cluster.kill(node, true);
  for (const node of cluster.nodes) cluster.open(node);
  const again = cluster.leader(vault.group);
  expectKind(cluster.ask(again, writeRequest(vault, session, 2)), 'transacted');
  registered(cluster);
  expect(checked(cluster, again, askCheckpoint(cluster, again, vault, 3)).size).toBe(2);
  expect(cluster.nodes.map((node) => node.replica.status().signing?.publicKey)).toEqual(before);
});

test('a node whose record is gone signs with another key; the old one is kept as retired', () => {
  const cluster = signingCluster(3);
  const { vault } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const node = other(cluster, leader);
  checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3));
  const old = node.replica.status().signing?.publicKey as Uint8Array;
  cluster.kill(node, false);
  node.disk.execute({ op: 'remove', file: 'SIGNING' });
  node.disk.execute({ op: 'syncDirectory' });
  cluster.open(node);
  registered(cluster);
  expect(node.replica.status().signing).toMatchObject({ loss: 'missing', registered: true });
  const { keys } = expectKind(cluster.ask(leader, { kind: 'listMembers', consistency: 'linearizable' }), 'members');
  const own = keys.filter((key) => key.node === node.id);
  expect(own.map(({ retired }) => retired === undefined)).toEqual([false, true]);
  expect(own[0]?.publicKey).toEqual(old);
  expect(own[0]?.retired).toBe(own[1]?.from);
  expect(checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3)).signers).toHaveLength(3);
});

test.each(['rot in the key', 'rot in a row', 'another node’s file'])('a record that is not believed ends its key: %s', (how) => {
  const cluster = signingCluster(3);
  const { vault } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const node = other(cluster, leader);
  checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3));
  cluster.kill(node, false);
  if (how === 'rot in the key') node.disk.corrupt('SIGNING', 30, 1);
  if (how === 'rot in a row') node.disk.corrupt('SIGNING', 512 + 20, 4);
  if (how === 'another node’s file') {
    const bytes = leader.disk.read('SIGNING', 0, leader.disk.size('SIGNING') as number);
    node.disk.execute({ op: 'write', file: 'SIGNING', offset: 0, bytes });
  }
  cluster.open(node);
  registered(cluster);
  expect(node.replica.status().signing?.loss).toBe(how === 'another node’s file' ? 'foreign' : 'damaged');
  expect(checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3)).signers).toHaveLength(3);
});

test('a record that the log contradicts ends its key, and the new one signs what the log says', () => {
  const cluster = signingCluster(3);
  const { vault, session } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const node = other(cluster, leader);
  checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3));
  const old = node.replica.status().signing?.publicKey as Uint8Array;
  cluster.kill(node, false);
  // As if the cluster had been put back to a state before the one that was signed, and had gone another way since.
  const block = decodeSigningBlock(node.disk.read('SIGNING', 512, 512));
  if (block === undefined || block === 'empty') throw new Error('nothing was signed');
  const rows = block.rows.map((row) => ({ ...row, root: new Uint8Array(32).fill(1) }));
  node.disk.execute({ op: 'write', file: 'SIGNING', offset: 512, bytes: encodeSigningBlock({ ...block, rows }) });
  cluster.open(node);
  registered(cluster);
  expect(node.replica.status().signing).toMatchObject({ publicKey: old, loss: undefined });
  expectKind(cluster.ask(leader, writeRequest(vault, session, 2)), 'transacted');
  askCheckpoint(cluster, leader, vault, 3);
  cluster.runUntil(() => node.replica.status().signing?.loss === 'contradicted');
  registered(cluster);
  expect(node.replica.status().signing?.publicKey).not.toEqual(old);
  expect(node.replica.status().signing?.replaced).toBe(true);
  expect(checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3)).size).toBe(2);
});

test('what a peer signs is checked before it counts', () => {
  const cluster = signingCluster(3);
  const { vault } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const liar = other(cluster, leader);
  let spoilt = 0;
  cluster.wire = (bytes, from) => {
    const frame = from === liar ? decodeFrame(bytes) : undefined;
    if (frame?.ok !== true || !frame.value.envelopes.some(({ message }) => message.kind === 'checkpointSigned')) return bytes;
    spoilt += 1;
    const envelopes = frame.value.envelopes.map(({ group, message }) =>
      message.kind === 'checkpointSigned' ? { group, message: { ...message, timeS: message.timeS + 1 } } : { group, message },
    );
    return encodeFrame({ ...frame.value, envelopes });
  };
  expect(checked(cluster, leader, askCheckpoint(cluster, leader, vault)).signers).not.toContain(liar.id);
  expect(askCheckpoint(cluster, leader, vault, 3)).toMatchObject({ kind: 'error', code: 'unavailable' });
  expect(spoilt).toBeGreaterThan(0);
});

test('a removed node’s key is retired, and it signs nothing any more', () => {
  const cluster = signingCluster(4);
  const { vault } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(0);
  const node = other(cluster, leader, cluster.leader(vault.group));
  const session = expectKind(cluster.ask(leader, { kind: 'openSession', group: GLOBAL_GROUP }), 'session').session;
  const command = { session, sequence: 1, lowestUnanswered: 1 };
  expectKind(cluster.ask(leader, { kind: 'directory', command, body: { kind: 'removeMember', node: node.id } }), 'member');
  const { keys } = expectKind(cluster.ask(leader, { kind: 'listMembers', consistency: 'linearizable' }), 'members');
  expect(keys.find((key) => key.node === node.id)?.retired).toBeDefined();
  const asked = cluster.leader(vault.group);
  const found = checked(cluster, asked, askCheckpoint(cluster, asked, vault, 3));
  expect(found.signers).not.toContain(node.id);
});

test('checkpoints are made of vaults that change, and of no others', () => {
  const marks: string[] = [];
  const probe = { mark: (name: string) => void marks.push(name), stepped: () => undefined };
  const cluster = signingCluster(3, { checkpointMicros: 500_000, probe });
  const { vault, session } = createVault(cluster);
  registered(cluster);
  cluster.pass(2_000_000);
  const made = marks.filter((name) => name === 'signing.periodic-checkpoint').length;
  expect(made).toBeGreaterThan(0);
  cluster.pass(10_000_000);
  expect(marks.filter((name) => name === 'signing.periodic-checkpoint')).toHaveLength(made);
  const leader = cluster.leader(vault.group);
  expectKind(cluster.ask(leader, writeRequest(vault, session, 2)), 'transacted');
  cluster.pass(2_000_000);
  expect(marks.filter((name) => name === 'signing.periodic-checkpoint')).toHaveLength(made + 1);
  const kept = marks.filter((name) => name === 'signing.note-kept').length;
  checked(cluster, leader, askCheckpoint(cluster, leader, vault, 3));
  expect(marks.filter((name) => name === 'signing.note-kept')).toHaveLength(kept + 1);
});
