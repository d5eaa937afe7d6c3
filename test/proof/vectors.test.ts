/** Golden proofs: the prover's bytes, the verifier's results, and the stage at which every invalid proof is refused. */
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { portableHasher } from '../../core/hasher.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { buildLeaf, hex, type ProofVector, type Vectors, vectorTest } from '../support/vectors.ts';

function rootOf(vectors: Vectors, proof: ProofVector): Uint8Array {
  const tree = vectors.trees.find(({ name }) => name === proof.tree);
  return hex(tree?.tree_root ?? (proof.tree_root as string));
}

vectorTest('the prover emits exactly the golden bytes, whatever the order of targets', (vectors) => {
  for (const vector of vectors.proofs) {
    const descriptor = vectors.trees.find(({ name }) => name === vector.tree);
    if (descriptor === undefined) continue;
    const leaves = descriptor.leaves.map(buildLeaf);
    const values = new Map(leaves.map((leaf) => [toHex(leaf.path), leaf.value]));
    const tree = new CommitmentTree(nativeHasher);
    for (const leaf of leaves) tree.set(leaf.path, leaf.valueHash);
    const targets = vector.targets.map(hex);
    const rotated = [...targets.slice(1), ...targets.slice(0, 1)];
    for (const order of [targets, [...targets].reverse(), rotated, [...targets, ...targets]]) {
      const proof = prove(tree, order, (path) => values.get(toHex(path)) as Uint8Array);
      expect([vector.name, toHex(proof)]).toEqual([vector.name, vector.proof]);
    }
  }
});

vectorTest('the verifier accepts the golden proofs with exactly their results, in the order of the targets', (vectors) => {
  expect(vectors.proofs.length).toBeGreaterThan(0);
  for (const vector of vectors.proofs) {
    for (const hasher of [nativeHasher, portableHasher]) {
      const targets = vector.targets.map(hex);
      const verdict = verifyPrunedTree({ hasher, treeRoot: rootOf(vectors, vector), targets, proof: hex(vector.proof) });
      if (!verdict.ok) throw new Error(`${vector.name}: ${verdict.stage}: ${verdict.reason}`);
      const results = verdict.results.map((leaves) =>
        leaves.map((leaf) => ({ path: toHex(leaf.path), value: toHex(leaf.value) })),
      );
      expect(results).toEqual(vector.results);
    }
  }
});

vectorTest('every invalid proof is refused at its stage, with a reason', ({ invalid }) => {
  expect(invalid.length).toBeGreaterThan(0);
  for (const vector of invalid) {
    const verdict = verifyPrunedTree({
      hasher: nativeHasher,
      treeRoot: hex(vector.tree_root),
      targets: vector.targets.map(hex),
      proof: hex(vector.proof),
    });
    expect([vector.name, verdict.ok ? 'accepted' : verdict.stage]).toEqual([vector.name, vector.stage]);
    expect(verdict.ok ? '' : verdict.reason).not.toBe('');
  }
});

vectorTest('every single-byte change of every golden proof is refused', (vectors) => {
  for (const vector of vectors.proofs) {
    const treeRoot = rootOf(vectors, vector);
    const targets = vector.targets.map(hex);
    const proof = hex(vector.proof);
    // All 255 changes of a byte where that is quick, its single-bit flips elsewhere, one of them in the longest.
    const all = Array.from({ length: 255 }, (_, i) => i + 1);
    const flips = (at: number): readonly number[] => (proof.length < 500 ? [1, 16, 128] : [1 << (at % 8)]);
    for (let at = 0; at < proof.length; at += 1) {
      for (const change of proof.length < 110 ? all : flips(at)) {
        proof[at] = (proof[at] as number) ^ change;
        const verdict = verifyPrunedTree({ hasher: nativeHasher, treeRoot, targets, proof });
        if (verdict.ok) throw new Error(`${vector.name}: byte ${at} ^ ${change} is accepted`);
        proof[at] = (proof[at] as number) ^ change;
      }
    }
  }
});

vectorTest('every proof cut short or extended is refused', (vectors) => {
  for (const vector of vectors.proofs) {
    const whole = hex(vector.proof);
    const question = { hasher: nativeHasher, treeRoot: rootOf(vectors, vector), targets: vector.targets.map(hex) };
    for (let length = 0; length < whole.length; length += 1) {
      expect(verifyPrunedTree({ ...question, proof: whole.subarray(0, length) }).ok).toBe(false);
    }
    const extended = new Uint8Array(whole.length + 1);
    extended.set(whole);
    expect(verifyPrunedTree({ ...question, proof: extended })).toMatchObject({ ok: false, stage: 'decode' });
    expect(verifyPrunedTree({ ...question, proof: whole, maxBytes: whole.length - 1 })).toMatchObject({
      ok: false,
      stage: 'decode',
    });
    expect(verifyPrunedTree({ ...question, proof: whole, maxBytes: whole.length }).ok).toBe(true);
  }
});

vectorTest('a leaf newer than the header is refused when decoding', (vectors) => {
  const vector = vectors.proofs.find(({ name }) => name === 'member') as ProofVector;
  const claim = {
    hasher: nativeHasher,
    treeRoot: rootOf(vectors, vector),
    targets: vector.targets.map(hex),
    proof: hex(vector.proof),
  };
  expect(verifyPrunedTree({ ...claim, maxVersion: 7 }).ok).toBe(true);
  expect(verifyPrunedTree({ ...claim, maxVersion: 6 })).toMatchObject({ ok: false, stage: 'decode' });
});
