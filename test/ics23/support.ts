/** ICS-23 exports, the verifier that others keep, and every change of an export, for the tests of core/ics23. */
import { ics23, verifyMembership, verifyNonMembership } from '@confio/ics23';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { ICS23_SPEC } from '../../core/ics23/encode.ts';
import { type CommitmentProof, proveIcs23 } from '../../core/ics23/proof.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { type SubtreeLeaf, sortLeaves } from '../../core/merkle/subtree.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { hex } from '../support/vectors.ts';

const SPEC = ics23.ProofSpec.fromObject(ICS23_SPEC);

export interface Question {
  readonly root: Uint8Array;
  readonly key: Uint8Array;
  /** undefined: the key is absent. */
  readonly value: Uint8Array | undefined;
}

/** Whether the verifier accepts a message as the answer to a question; what it throws is a refusal. */
export function accepts(proof: ics23.ICommitmentProof, { root, key, value }: Question): boolean {
  try {
    if (value === undefined) return verifyNonMembership(proof, SPEC, root, key);
    return verifyMembership(proof, SPEC, root, key, value);
  } catch {
    return false;
  }
}

export function acceptsBytes(bytes: Uint8Array, question: Question): boolean {
  try {
    return accepts(ics23.CommitmentProof.decode(bytes), question);
  } catch {
    return false;
  }
}

/** Leaf k: an entity, or a tuple or reverse leaf whose path shares components with others. */
export function leafOf(k: number): { readonly path: Uint8Array; readonly value: Uint8Array } {
  const tuple = { resource: `doc:${k % 3}`, relation: `r${k % 4}`, subject: k % 5 === 0 ? `team:${k}#member` : `user:${k}` };
  const times = { expiresAt: 0, version: k + 1 };
  const kinds: readonly LeafValue[] = [
    { kind: 'entity', key: `k${k}`, value: new Uint8Array(k % 2), ...times },
    { kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', ...times },
    { kind: 'reverse', ...tuple, forwardHash: new Uint8Array(32), ...times },
  ];
  const value = kinds[k % 3] as LeafValue;
  return { path: valuePath(nativeHasher, value), value: encodeValue(value) };
}

export class Contents {
  readonly tree: CommitmentTree;
  private readonly values: Map<string, Uint8Array> = new Map();

  constructor(ks: readonly number[], unloaded: boolean) {
    const whole = new CommitmentTree(nativeHasher);
    for (const { path, value } of ks.map(leafOf)) {
      whole.set(path, hashOf(nativeHasher, value));
      this.values.set(toHex(path), value);
    }
    this.tree = unloaded ? this.stubsOf(whole) : whole;
  }

  /** The same tree with no bucket in memory. */
  private stubsOf(whole: CommitmentTree): CommitmentTree {
    const leaves = [...this.values].map(([path, value]) => ({ path: hex(path), valueHash: hashOf(nativeHasher, value) }));
    const source = (bucket: number): readonly SubtreeLeaf[] => sortLeaves(leaves.filter(({ path }) => path[0] === bucket));
    const tree = new CommitmentTree(nativeHasher, source);
    for (let bucket = 0; bucket < 256; bucket += 1) {
      const hash = whole.bucketHash(bucket);
      if (toHex(hash) !== toHex(emptyHash(nativeHasher))) tree.plant(bucket, hash);
    }
    tree.countUnloaded(whole.size);
    return tree;
  }

  question(key: Uint8Array): Question {
    return { root: this.tree.treeRoot(), key, value: this.values.get(toHex(key)) };
  }

  prove(key: Uint8Array): CommitmentProof {
    const proof = proveIcs23(this.tree, key, (path) => this.values.get(toHex(path)) as Uint8Array);
    if (proof === undefined) throw new Error('the tree is not empty');
    return proof;
  }
}

/** Every byte array of an export, each with a way to put another in its place. */
export function partsOf(proof: CommitmentProof): readonly Uint8Array[] {
  const existences = proof.kind === 'exist' ? [proof.exist] : [proof.left, proof.right];
  return existences.flatMap((existence) =>
    existence === undefined
      ? []
      : [existence.key, existence.value, ...existence.path.flatMap(({ prefix, suffix }) => [prefix, suffix])],
  );
}

/** Messages that are the export with one thing changed: an operation, a step, a side. */
export function changedMessages(bytes: Uint8Array): readonly ics23.ICommitmentProof[] {
  const changed: ics23.ICommitmentProof[] = [];
  const change = (
    edit: (existence: ics23.IExistenceProof, message: ics23.ICommitmentProof) => void,
    which: 'left' | 'right',
  ): void => {
    const message = ics23.CommitmentProof.decode(bytes);
    const existence = message.exist ?? message.nonexist?.[which];
    if (existence === undefined || existence === null) return;
    edit(existence, message);
    changed.push(message);
  };
  for (const which of ['left', 'right'] as const) {
    for (const field of ['hash', 'prehashKey', 'prehashValue', 'length'] as const) {
      for (let op = 0; op <= 8; op += 1) {
        change(({ leaf }) => {
          const now = leaf as ics23.ILeafOp;
          Object.assign(now, { [field]: now[field] === op ? 9 : op });
        }, which);
      }
    }
    for (const prefix of [[], [1], [0, 0]])
      change(({ leaf }) => Object.assign(leaf as object, { prefix: Uint8Array.from(prefix) }), which);
    change((existence) => Object.assign(existence, { leaf: undefined }), which);
    const steps = ics23.CommitmentProof.decode(bytes);
    const length = (steps.exist ?? steps.nonexist?.[which])?.path?.length ?? 0;
    for (let at = 0; at < length; at += 1) {
      change(({ path }) => (path as unknown[]).splice(at, 1), which);
      change(({ path }) => (path as unknown[]).splice(at, 0, (path as unknown[])[at]), which);
      change(({ path }) => Object.assign((path as ics23.IInnerOp[])[at] as object, { hash: 2 }), which);
      if (at > 0) change(({ path }) => (path as unknown[]).splice(at - 1, 0, ...(path as unknown[]).splice(at, 1)), which);
    }
    change((_, message) => {
      if (message.nonexist?.left && message.nonexist.right) message.nonexist[which] = null;
      else message.exist = message.nonexist = null;
    }, which);
  }
  return changed;
}
