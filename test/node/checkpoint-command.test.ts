/** The policy that `vouch checkpoint keys` prints is the one that a client pins: notes of the cluster pass it, and no others. */
import { expect, test } from 'vitest';
import { portableHasher } from '../../core/hasher.ts';
import { decodeNote } from '../../core/note/note.ts';
import { checkNote, parsePolicy } from '../../core/note/policy.ts';
import { policyOf } from '../../node/cli/checkpoint-command.ts';
import { keyJson } from '../../node/http/checkpoint-routes.ts';
import { createVault, expectKind } from '../replica/vaults.ts';
import { askCheckpoint, ed25519Keys, registered, signingCluster } from '../signing/cluster.ts';

test('a note of the cluster passes the printed policy; one with fewer signatures, or of another cluster, does not', () => {
  const cluster = signingCluster(3, { signing: ed25519Keys });
  const { vault } = createVault(cluster);
  registered(cluster);
  const leader = cluster.leader(vault.group);
  const { note } = expectKind(askCheckpoint(cluster, leader, vault, 3), 'checkpoint');
  const listed = expectKind(cluster.ask(leader, { kind: 'listMembers', consistency: 'linearizable' }), 'members');
  const keys = listed.keys.map((key) => keyJson(cluster.manifest.cluster, key));
  const textOf = (quorum: number | undefined): string => policyOf({ cluster: cluster.manifest.cluster, keys }, quorum);
  const judged = (text: string, policy: string): boolean => {
    const [parsed, decoded] = [parsePolicy(portableHasher, policy), decodeNote(text)];
    if (!parsed.ok || !decoded.ok) throw new Error('the policy or the note is none');
    return checkNote(ed25519Keys.verifier, parsed.value, decoded.value).ok;
  };
  expect(textOf(undefined)).toContain('group nodes 2 ');
  expect(judged(note, textOf(undefined))).toBe(true);
  expect(judged(note, textOf(3))).toBe(true);
  const [first] = listed.keys;
  const lines = note.split('\n');
  const fewer = lines.filter((line) => !line.includes(`/${first?.node} `)).join('\n');
  expect(judged(fewer, textOf(undefined))).toBe(true);
  expect(judged(fewer, textOf(3))).toBe(false);
  expect(judged(note, textOf(2).replace(/^origin .*$/m, `origin vouch/${'d'.repeat(32)}/*`))).toBe(false);
  expect(() => textOf(4)).toThrow('--quorum');
});

test('keys that were retired stand in the policy as comments, so that old notes can still be looked at', () => {
  const publicKey = ed25519Keys.signer(ed25519Keys.drawSecret()).publicKey;
  const node = 'ab'.repeat(16) as never;
  const cluster = 'c'.repeat(32);
  const old = keyJson(cluster, { node, publicKey, from: 3 as never, retired: 9 as never });
  const now = keyJson(cluster, {
    node,
    publicKey: ed25519Keys.signer(ed25519Keys.drawSecret()).publicKey,
    from: 9 as never,
    retired: undefined,
  });
  const policy = policyOf({ cluster, keys: [old, now] }, undefined);
  expect(policy).toContain(`# retired, signed from 3 to 9: ${old.vkey}`);
  expect(parsePolicy(portableHasher, policy)).toMatchObject({ ok: true, value: { witnesses: [{ name: 'node-abababab' }] } });
});
