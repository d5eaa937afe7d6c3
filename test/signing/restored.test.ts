/** Where secret keys stand: in no backup, and sealed in an encrypted directory; a restored cluster has others. */
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { createKeyFile } from '../../core/replica/sealing.ts';
import { decodeSigningHeader, SIGNING_FILE } from '../../core/signing/record-file.ts';
import { nativeCipher } from '../../node/keys/native-cipher.ts';
import { backupOf, restoreOnto, verified } from '../backup/support.ts';
import { TestCluster, type TestNode } from '../replica/harness.ts';
import { createVault, expectKind } from '../replica/vaults.ts';
import { askCheckpoint, checked, registered, signingCluster, simulatedKeys } from './cluster.ts';

function holds(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= bytes.length; at += 1) if (part.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}

test('a backup holds no secret of a node, and the cluster restored from it signs with another key', () => {
  const old = signingCluster(3);
  const { vault } = createVault(old);
  registered(old);
  const leader = old.leader(vault.group);
  checked(old, leader, askCheckpoint(old, leader, vault, 3));
  const bytes = backupOf(old, leader);
  const publicKey = leader.replica.status().signing?.publicKey as Uint8Array;
  expect(holds(bytes, publicKey)).toBe(true); // the directory says whose it is
  for (const node of old.nodes) expect(holds(bytes, node.disk.read(SIGNING_FILE, 60, 32))).toBe(false);

  const cluster = new TestCluster(1, 1, 'rounds', { signing: simulatedKeys });
  const node = cluster.nodes[0] as TestNode;
  restoreOnto(verified(bytes), node, Random.stream([7, 7, 7, 7], 'test/signing/restored'));
  cluster.open(node);
  cluster.leader(0);
  registered(cluster);
  const { keys } = expectKind(cluster.ask(node, { kind: 'listMembers', consistency: 'linearizable' }), 'members');
  expect(keys).toMatchObject([{ node: node.id, retired: undefined }]);
  expect(old.nodes.some(({ replica }) => String(replica.status().signing?.publicKey) === String(keys[0]?.publicKey))).toBe(false);
  const { size, signatures } = expectKind(askCheckpoint(cluster, node, vault), 'checkpoint');
  expect({ size, signatures }).toEqual({ size: 1, signatures: 1 });
});

test('in an encrypted directory the secret is sealed, and opens again at the next start', () => {
  const cipher = nativeCipher(new Uint8Array(32).fill(1));
  const cluster = new TestCluster(1, 1, 'rounds', { signing: simulatedKeys, cipher });
  const node = cluster.nodes[0] as TestNode;
  for (const op of createKeyFile(cipher)) node.disk.execute(op);
  cluster.boot();
  const { vault } = createVault(cluster);
  registered(cluster);
  expect(checked(cluster, node, askCheckpoint(cluster, node, vault)).size).toBe(1);
  const header = decodeSigningHeader(node.disk.read(SIGNING_FILE, 0, 512));
  expect(header?.form).toBe('sealed');
  expect(() => expect(simulatedKeys.signer(header?.secret as Uint8Array).publicKey).toEqual(header?.publicKey)).toThrow();
  cluster.kill(node, true);
  cluster.open(node);
  registered(cluster);
  expect(node.replica.status().signing).toMatchObject({ publicKey: header?.publicKey, loss: undefined });
});
