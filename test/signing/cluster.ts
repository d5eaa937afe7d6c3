/** A cluster whose nodes sign, and a note taken apart by the verifier that clients use. */
import { expect } from 'vitest';
import type { SigningKeys } from '../../core/capability.ts';
import type { ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { NodeId } from '../../core/ids.ts';
import { decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { noteKey, SignatureType } from '../../core/note/key.ts';
import { nodeKeyName } from '../../core/note/names.ts';
import { decodeNote } from '../../core/note/note.ts';
import { checkSignature } from '../../core/note/sign.ts';
import { Random } from '../../core/random.ts';
import type { ReplicaOptions } from '../../core/replica/options.ts';
import { PORTABLE_PRIMITIVES } from '../../sim/primitives.ts';
import { ed25519SigningKeys, simulatedSigningKeys } from '../../sim/signing-keys.ts';
import { TestCluster, type TestNode } from '../replica/harness.ts';
import { expectKind } from '../replica/vaults.ts';

const random = Random.stream([9, 9, 9, 9], 'test/signing');
const entropy = { fill: (out: Uint8Array, offset: number, length: number) => random.fill(out, offset, length) };
export const simulatedKeys: SigningKeys = simulatedSigningKeys(entropy);
export const ed25519Keys: SigningKeys = ed25519SigningKeys(PORTABLE_PRIMITIVES.ed25519, entropy);

export function signingCluster(size: number, overrides: Partial<ReplicaOptions> = {}): TestCluster {
  const cluster = new TestCluster(size, 1, 'rounds', { signing: simulatedKeys, ...overrides });
  cluster.boot();
  return cluster;
}

/** Until every running node's own directory knows its key. */
export function registered(cluster: TestCluster): void {
  const running = cluster.nodes.filter((node) => node.running);
  cluster.runUntil(() => running.every((node) => node.replica.status().signing?.registered === true));
}

export function askCheckpoint(cluster: TestCluster, node: TestNode, vault: VaultEntry, signatures: number = 0): ClientResult {
  const { group, organization, id } = vault;
  const query = { kind: 'checkpoint', signatures } as const;
  return cluster.ask(node, {
    kind: 'query',
    group,
    organization,
    vault: id,
    query,
    consistency: 'linearizable',
    at: NEWEST,
    proof: false,
  });
}

export interface CheckedNote {
  readonly size: number;
  readonly root: Uint8Array;
  readonly origin: string;
  /** Nodes of whose present key both lines hold, ascending. */
  readonly signers: readonly NodeId[];
}

/** Checks every line of a note under the keys that the directory has in force. */
export function checked(
  cluster: TestCluster,
  node: TestNode,
  result: ClientResult,
  keys: SigningKeys = simulatedKeys,
): CheckedNote {
  const { note, size, signatures } = expectKind(result, 'checkpoint');
  const decoded = decodeNote(note);
  if (!decoded.ok) throw new Error(decoded.reason);
  const checkpoint = decodeCheckpoint(decoded.value.text);
  if (!checkpoint.ok) throw new Error(checkpoint.reason);
  const listed = expectKind(cluster.ask(node, { kind: 'listMembers', consistency: 'linearizable' }), 'members');
  const signers: NodeId[] = [];
  for (const { node: id, publicKey, retired } of listed.keys) {
    if (retired !== undefined) continue;
    const name = nodeKeyName(cluster.manifest.cluster, id);
    const holds = [SignatureType.ed25519, SignatureType.cosignature].every((type) => {
      const key = noteKey(portableHasher, { name, type, publicKey });
      const lines = decoded.value.signatures.filter((line) => line.name === name && line.keyId === key.id);
      const [line] = lines;
      return lines.length === 1 && line !== undefined && checkSignature(keys.verifier, key, decoded.value.text, line).ok;
    });
    if (holds) signers.push(id);
  }
  expect(decoded.value.signatures).toHaveLength(2 * signatures);
  expect(signers).toHaveLength(signatures);
  expect(checkpoint.value.size).toBe(size);
  const { origin, root } = checkpoint.value;
  return { size, root, origin, signers };
}
