/**
 * ICS-23 exports against a verifier that this project did not write, npm `@confio/ics23`: what is exported verifies, as bytes and
 * as JSON, and no change of it does.
 */
import { ics23 } from '@confio/ics23';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { encodeIcs23, ics23Json } from '../../core/ics23/encode.ts';
import { proveIcs23 } from '../../core/ics23/proof.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';
import { accepts, acceptsBytes, Contents, changedMessages, leafOf, partsOf } from './support.ts';

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
