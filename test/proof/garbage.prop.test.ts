/** The verifiers on input nobody would send in good faith: a refusal with a stage and a reason, never an exception. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../core/bytes/compare.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import { decodeValue } from '../../core/merkle/value.ts';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { answerFor, world } from '../support/answers.ts';
import { propertyRuns } from '../support/property.ts';

const root = new Uint8Array(32).fill(7);
const target = new Uint8Array(97);

function expectRefused(proof: Uint8Array): void {
  const verdict = verifyPrunedTree({ hasher: nativeHasher, treeRoot: root, targets: [target], proof });
  expect(verdict.ok).toBe(false);
  if (!verdict.ok) expect(verdict.reason).not.toBe('');
}

/** Bytes that look like a proof for a while. */
const bit = fc.nat({ max: 800 }).map((value) => new Uint8Array([value >> 8, value]));
const piece = fc.oneof(
  bit.map((two) => concatBytes(new Uint8Array([1]), two)),
  bit.map((two) => concatBytes(new Uint8Array([2]), two, new Uint8Array(32))),
  bit.map((two) => concatBytes(new Uint8Array([3]), two, new Uint8Array(32))),
  fc.constant(concatBytes(new Uint8Array([5, 32]), new Uint8Array(64))),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => concatBytes(new Uint8Array([4, 0, 0, 0, bytes.length]), bytes)),
  fc.uint8Array({ maxLength: 8 }),
);
const nearlyProof = fc.array(piece, { maxLength: 30 }).map((pieces) => concatBytes(new Uint8Array([1]), ...pieces));

describe('hostile input', () => {
  propertyRuns(500, 'random bytes are no proof', fc.oneof(fc.uint8Array({ maxLength: 300 }), nearlyProof), expectRefused);

  propertyRuns(500, 'random bytes are read as a value or refused', fc.uint8Array({ maxLength: 120 }), (bytes) => {
    const decoded = decodeValue(concatBytes(new Uint8Array([1, 1 + (bytes.length % 4)]), bytes));
    if (!decoded.ok) expect(decoded.reason).not.toBe('');
  });

  propertyRuns(
    200,
    'random bytes are read as a header or refused',
    fc.uint8Array({ minLength: 190, maxLength: 200 }),
    (bytes) => {
      expect(decodeHeader(bytes).ok).toBe(false);
    },
  );

  propertyRuns(500, 'random JSON is no answer', fc.jsonValue(), (value) => {
    expect(verifyAnswer(value)).toMatchObject({ ok: false, stage: 'shape' });
  });

  const honest = answerFor(world(), { subject: 'user:alice' });
  propertyRuns(
    500,
    'an answer with any of its fields replaced by random JSON is refused, or says the same',
    fc.constantFrom(...Object.keys(honest)),
    fc.jsonValue(),
    (field, value) => {
      const verdict = verifyAnswer({ ...honest, [field]: value });
      expect(verdict.ok).toBe(JSON.stringify(value) === JSON.stringify(honest[field as keyof typeof honest]));
    },
  );

  test('10^5 nested inner nodes are refused without recursion', () => {
    const count = 100_000;
    const rising = new Uint8Array(1 + 3 * count);
    rising[0] = 1;
    for (let i = 0; i < count; i += 1) rising.set([1, (i % 776) >> 8, i % 776], 1 + 3 * i);
    expectRefused(rising);
    for (const tag of [1, 2, 3, 4, 5]) expectRefused(new Uint8Array(1 + 3 * count).fill(tag));
  });

  test('10^5 nested arrays are no answer, nor a field of one', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(verifyAnswer(deep).ok).toBe(false);
    expect(verifyAnswer({ ...honest, proof: deep }).ok).toBe(false);
    expect(verifyAnswer({ ...honest, statement: { ...honest.statement, tuple: deep } }).ok).toBe(false);
  });

  test('a lone surrogate in a name is refused, not thrown on', () => {
    const tuple = { user: 'user:\ud800', relation: 'viewer', object: 'doc:plan' };
    expect(verifyAnswer({ ...honest, statement: { ...honest.statement, tuple } })).toMatchObject({ ok: false, stage: 'shape' });
  });
});
