/**
 * ICS-23 exports against a verifier that this project did not write, npm `@confio/ics23`: what is exported verifies, as bytes and
 * as JSON, and no change of it does.
 */
import { ics23, verifyMembership, verifyNonMembership } from '@confio/ics23';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { encodeIcs23, ICS23_SPEC, ics23Json } from '../../core/ics23/encode.ts';
import { type CommitmentProof, proveIcs23 } from '../../core/ics23/proof.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { type SubtreeLeaf, sortLeaves } from '../../core/merkle/subtree.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';
import { hex } from '../support/vectors.ts';

const SPEC = ics23.ProofSpec.fromObject(ICS23_SPEC);

interface Question {
  readonly root: Uint8Array;
  readonly key: Uint8Array;
  /** undefined: the key is absent. */
  readonly value: Uint8Array | undefined;
}

/** Whether the verifier accepts a message as the answer to a question; what it throws is a refusal. */
function accepts(proof: ics23.ICommitmentProof, { root, key, value }: Question): boolean {
  try {
    if (value === undefined) return verifyNonMembership(proof, SPEC, root, key);
    return verifyMembership(proof, SPEC, root, key, value);
  } catch {
    return false;
  }
}

function acceptsBytes(bytes: Uint8Array, question: Question): boolean {
  try {
    return accepts(ics23.CommitmentProof.decode(bytes), question);
  } catch {
    return false;
  }
}

/** Leaf k: an entity, or a tuple or reverse leaf whose path shares components with others. */
function leafOf(k: number): { readonly path: Uint8Array; readonly value: Uint8Array } {
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

class Contents {
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
function partsOf(proof: CommitmentProof): readonly Uint8Array[] {
  const existences = proof.kind === 'exist' ? [proof.exist] : [proof.left, proof.right];
  return existences.flatMap((existence) =>
    existence === undefined
      ? []
      : [existence.key, existence.value, ...existence.path.flatMap(({ prefix, suffix }) => [prefix, suffix])],
  );
}

/** Messages that are the export with one thing changed: an operation, a step, a side. */
function changedMessages(bytes: Uint8Array): readonly ics23.ICommitmentProof[] {
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

const contents = fc.uniqueArray(fc.nat({ max: 90 }), { minLength: 1, maxLength: 60 });
const asked = fc.oneof(
  fc.nat({ max: 120 }).map((k) => leafOf(k).path),
  fc.constantFrom(32, 96, 97).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
  fc.constantFrom(new Uint8Array(32), new Uint8Array(97).fill(255)),
);

describe('ICS-23 export', () => {
  propertyRuns(
    300,
    'every existence and absence verifies, as bytes and as JSON, in memory or not, and answers no other question',
    contents,
    fc.array(asked, { minLength: 1, maxLength: 8 }),
    fc.boolean(),
    (ks, keys, unloaded) => {
      for (const key of keys) {
        const from = new Contents(ks, unloaded);
        const question = from.question(key);
        const proof = from.prove(key);
        expect(proof.kind).toBe(question.value === undefined ? 'nonexist' : 'exist');
        const bytes = encodeIcs23(proof);
        expect(acceptsBytes(bytes, question)).toBe(true);
        expect(accepts(ics23.CommitmentProof.fromObject(ics23Json(proof)), question)).toBe(true);
        expect(Buffer.from(ics23.CommitmentProof.encode(ics23.CommitmentProof.decode(bytes)).finish())).toEqual(
          Buffer.from(bytes),
        );
        // Another root, another value, the opposite claim, a key that is there.
        expect(acceptsBytes(bytes, { ...question, root: hashOf(nativeHasher, question.root) })).toBe(false);
        expect(acceptsBytes(bytes, { ...question, value: question.value === undefined ? new Uint8Array(1) : undefined })).toBe(
          false,
        );
        if (question.value !== undefined) {
          expect(acceptsBytes(bytes, { ...question, value: question.value.subarray(1) })).toBe(false);
        }
        for (const k of ks) {
          const other = leafOf(k).path;
          if (toHex(other) === toHex(key)) continue;
          expect(acceptsBytes(bytes, { ...question, key: other })).toBe(false);
        }
      }
    },
  );

  propertyRuns(
    25,
    'no change of one byte of one part is accepted, nor one of an operation, a step or a side',
    contents,
    asked,
    fc.integer({ min: 1, max: 255 }),
    (ks, key, flip) => {
      const from = new Contents(ks, false);
      const question = from.question(key);
      const proof = from.prove(key);
      expect(acceptsBytes(encodeIcs23(proof), question)).toBe(true);
      for (const part of partsOf(proof)) {
        for (let at = 0; at < part.length; at += 1) {
          part[at] = (part[at] as number) ^ flip;
          if (acceptsBytes(encodeIcs23(proof), question)) throw new Error(`byte ${at} of a part of ${part.length} bytes`);
          part[at] = (part[at] as number) ^ flip;
        }
      }
      const changed = changedMessages(encodeIcs23(proof));
      expect(changed.length).toBeGreaterThan(30);
      changed.forEach((message, i) => {
        if (accepts(message, question)) throw new Error(`change ${i} is accepted`);
      });
    },
  );

  propertyRuns(
    15,
    'a change of one encoded byte is refused, or it is another encoding of the same message',
    contents,
    asked,
    (ks, key) => {
      const from = new Contents(ks, false);
      const question = from.question(key);
      const bytes = encodeIcs23(from.prove(key));
      const same = (other: Uint8Array): boolean =>
        Buffer.compare(ics23.CommitmentProof.encode(ics23.CommitmentProof.decode(other)).finish(), bytes) === 0;
      for (let at = 0; at < bytes.length; at += 1) {
        for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
          bytes[at] = (bytes[at] as number) ^ flip;
          const other = bytes.slice();
          bytes[at] = (bytes[at] as number) ^ flip;
          if (acceptsBytes(other, question) && !same(other)) throw new Error(`byte ${at} ^ ${flip}`);
        }
      }
    },
  );

  test('the empty tree has no ICS-23 proof; the only leaf has one without steps', () => {
    const tuple = { resource: 'doc:1', relation: 'viewer', subject: 'user:anne' };
    const key = tuplePath(nativeHasher, tuple);
    expect(proveIcs23(new CommitmentTree(nativeHasher), key, () => key)).toBeUndefined();
    const single = new Contents([0], false);
    const proof = single.prove(leafOf(0).path);
    expect(proof).toMatchObject({ kind: 'exist', exist: { path: [] } });
    expect(acceptsBytes(encodeIcs23(proof), single.question(leafOf(0).path))).toBe(true);
    expect(() => proveIcs23(single.tree, key.subarray(0, 64), () => key)).toThrow('a path has 32, 96 or 97 bytes');
  });
});
