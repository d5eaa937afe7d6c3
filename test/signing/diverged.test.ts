/** Checkpoints of a vault that went wrong on one node and was rebuilt: what it signed meanwhile is not given out again. */
import { expect, test } from 'vitest';
import { type ClientResult, NEWEST } from '../../core/client/protocol.ts';
import { ANNE, createVault, expectKind, writeRequest } from '../replica/vaults.ts';
import { checked, registered, signingCluster } from './cluster.ts';

const SNAPSHOTS = { chunkBytes: 512, trailEntries: 64, pullMicros: 50_000, servedMicros: 0 };

test('a note that was kept from before the rebuild is not of the log that the vault has now', () => {
  const cluster = signingCluster(3, { snapshots: { ...SNAPSHOTS, checkpointLogBytes: 1 << 20 }, pageBytes: 512 });
  const { vault, session } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const [node] = cluster.nodes.filter((each) => each !== leader);
  if (node === undefined) throw new Error('three nodes have two followers');
  const groupOf = (of: typeof node) => {
    const group = of.replica.group(vault.group);
    if (group === undefined) throw new Error('every node has the group');
    return group;
  };
  const copyOn = (of: typeof node) => {
    const copy = groupOf(of).state.vault(vault.id);
    if (copy === undefined) throw new Error('every node has the vault');
    return copy;
  };
  const askWhatIsThere = (): ClientResult =>
    cluster.ask(node, {
      kind: 'query',
      ...{ group: vault.group, organization: vault.organization, vault: vault.id },
      query: { kind: 'checkpoint', signatures: 1 },
      ...{ consistency: 'eventual', at: NEWEST, proof: false },
    });

  const wrong = { conditionName: '', conditionContext: '', expiresAt: 0, version: copyOn(node).height };
  copyOn(node).leaves.putTuple({ ...ANNE, subject: 'user:mallory' }, wrong);
  expectKind(cluster.ask(leader, writeRequest(vault, session, 2, ANNE)), 'transacted');
  cluster.runUntil(() => copyOn(node).height === copyOn(leader).height);
  const height = copyOn(leader).height;
  const before = checked(cluster, node, askWhatIsThere());
  expect(before).toMatchObject({ size: height, signers: [node.id] });
  expect(before.root).not.toEqual(copyOn(leader).log.root(height));

  cluster.runUntil(() => groupOf(node).divergence.hasIsolated);
  cluster.runUntil(() => !groupOf(node).divergence.hasIsolated);
  expect(copyOn(node).height).toBe(height);
  const after = checked(cluster, node, askWhatIsThere());
  expect(after.size).toBe(height);
  expect(after.root).toEqual(copyOn(leader).log.root(height));
});
