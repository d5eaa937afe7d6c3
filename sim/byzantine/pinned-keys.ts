/** What the guests of a run have pinned: the keys of all nodes, and how many of them a checkpoint needs. */
import { defined } from '../../core/assert.ts';
import type { Hasher } from '../../core/capability.ts';
import type { ClusterId } from '../../core/ids.ts';
import { encodeVkey, type NoteKey, noteKey, type SignatureType } from '../../core/note/key.ts';
import { nodeKeyName } from '../../core/note/names.ts';
import { type Policy, parsePolicy } from '../../core/note/policy.ts';
import type { VouchNode } from '../check/raft/watch.ts';

/** Nodes that lie. */
export const LIARS = 1;

/** k of n keys. `weak` needs one; `safe` needs k > (n + f) / 2, so that any two quorums share a node that does not lie. */
export type Strength = 'weak' | 'majority' | 'safe';

export function needed(strength: Strength, nodes: number): number {
  switch (strength) {
    case 'weak':
      return 1;
    case 'majority':
      return Math.floor(nodes / 2) + 1;
    case 'safe':
      return Math.floor((nodes + LIARS) / 2) + 1;
  }
}

/** Keys of all nodes, by node; undefined until each has one. They come as an operator would hand them out, not from a node that may lie. */
export function keysOf(
  nodes: readonly VouchNode[],
  options: { readonly hasher: Hasher; readonly cluster: ClusterId; readonly type: SignatureType },
): readonly NoteKey[] | undefined {
  const { hasher, cluster, type } = options;
  const keys: NoteKey[] = [];
  for (const node of nodes) {
    const publicKey = node.core?.signingStatus?.publicKey;
    if (publicKey === undefined) return undefined;
    keys.push(noteKey(hasher, { name: nodeKeyName(cluster, node.id), type, publicKey }));
  }
  return keys;
}

/** The policy as a client would have it in a file: every vault of the cluster, k of these keys. */
export function policyOf(hasher: Hasher, cluster: ClusterId, keys: readonly NoteKey[], k: number): Policy {
  const names = keys.map((_, index) => `node-${index}`);
  const text = [
    `origin vouch/${cluster}/*`,
    ...keys.map((key, index) => `witness ${names[index]} ${encodeVkey(key)}`),
    `group nodes ${k} ${names.join(' ')}`,
    'quorum nodes',
  ].join('\n');
  const parsed = parsePolicy(hasher, text);
  return defined(parsed.ok ? parsed.value : undefined, 'the keys of the nodes make a policy');
}
