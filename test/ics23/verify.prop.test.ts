/** Vouch's own check of ICS-23 exports accepts and refuses what npm `@confio/ics23` does. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf } from '../../core/hasher.ts';
import { encodeIcs23 } from '../../core/ics23/encode.ts';
import type { CommitmentProof, ExistenceProof } from '../../core/ics23/proof.ts';
import { verifyIcs23 } from '../../core/ics23/verify.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';
import { acceptsBytes, Contents, leafOf, type Question } from './support.ts';

/** Both say the same to the claim that a proof makes of a key. */
function both(proof: CommitmentProof, { root, key }: Pick<Question, 'root' | 'key'>): boolean {
  const verdict = verifyIcs23(nativeHasher, { root, key, proof });
  const value = proof.kind === 'exist' ? proof.exist.value : undefined;
  expect(acceptsBytes(encodeIcs23(proof), { root, key, value })).toBe(verdict.ok);
  if (verdict.ok) expect(verdict.value).toEqual(value);
  return verdict.ok;
}

/** A leaf of an export with something changed. */
function changes(proof: ExistenceProof, other: ExistenceProof, at: number, flip: number): readonly ExistenceProof[] {
  const spoilt = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === at % bytes.length ? byte ^ flip : byte));
  const { path } = proof;
  const index = path.length === 0 ? 0 : at % path.length;
  const step = path[index];
  const replaced = (by: readonly (typeof path)[number][]): ExistenceProof => ({
    ...proof,
    path: [...path.slice(0, index), ...by, ...path.slice(index + 1)],
  });
  return [
    { ...proof, key: spoilt(proof.key) },
    { ...proof, value: spoilt(proof.value) },
    { ...proof, path: other.path },
    { ...proof, path: [...path, ...other.path] },
    ...(step === undefined
      ? []
      : [
          replaced([]),
          replaced([step, step]),
          replaced([{ ...step, prefix: spoilt(step.prefix) }]),
          replaced([{ ...step, suffix: step.prefix, prefix: step.suffix }]),
          // The child's neighbour moved to the other side.
          replaced([{ prefix: new Uint8Array([...step.prefix.slice(0, 4), ...step.suffix]), suffix: step.prefix.slice(4) }]),
        ]),
  ];
}

const contents = fc.uniqueArray(fc.nat({ max: 90 }), { minLength: 2, maxLength: 40 });

propertyRuns(
  60,
  'honest exports hold for their key under their root, and changed, mixed and moved ones exactly where the other verifier says so',
  contents,
  fc.array(fc.nat({ max: 120 }), { minLength: 2, maxLength: 6 }),
  fc.nat(),
  fc.integer({ min: 1, max: 255 }),
  (ks, asked, at, flip) => {
    const from = new Contents(ks, false);
    const keys = asked.map((k) => leafOf(k).path);
    const proofs = keys.map((key) => from.prove(key));
    const leaves = proofs.flatMap((proof) =>
      proof.kind === 'exist' ? [proof.exist] : [proof.left, proof.right].filter((side) => side !== undefined),
    );
    const { root } = from.question(keys[0] as Uint8Array);
    keys.forEach((key, i) => {
      const proof = proofs[i] as CommitmentProof;
      expect(both(proof, { root, key })).toBe(true);
      both(proof, { root: hashOf(nativeHasher, root), key });
      for (const other of keys) both(proof, { root, key: other });
      for (const left of [...leaves, undefined]) {
        const right = leaves[(at + i) % leaves.length];
        both({ kind: 'nonexist', left, right }, { root, key });
        both({ kind: 'nonexist', left: right, right: left }, { root, key });
      }
      const [other] = leaves as [ExistenceProof];
      if (proof.kind === 'exist')
        for (const exist of changes(proof.exist, other, at, flip)) both({ kind: 'exist', exist }, { root, key });
      else {
        for (const left of changes(proof.left ?? other, other, at, flip)) both({ ...proof, left }, { root, key });
        for (const right of changes(proof.right ?? other, other, at, flip)) both({ ...proof, right }, { root, key });
      }
    });
  },
);

test('an absence without leaves beside it holds nowhere', () => {
  const from = new Contents([0, 1], false);
  const question = from.question(leafOf(7).path);
  expect(both({ kind: 'nonexist', left: undefined, right: undefined }, question)).toBe(false);
});
