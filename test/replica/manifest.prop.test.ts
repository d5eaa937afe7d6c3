/** The manifest's bytes: round trip, strictness, and nothing hostile gets through or throws. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { ClusterId, GroupId, NodeId } from '../../core/ids.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../core/replica/manifest.ts';
import { propertyOptions } from '../support/property.ts';

const idArbitrary: fc.Arbitrary<string> = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => toHex(bytes));

const manifestArbitrary: fc.Arbitrary<Manifest> = fc
  .record({
    cluster: idArbitrary,
    ids: fc.uniqueArray(idArbitrary, { minLength: 1, maxLength: 7 }),
    groups: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 }),
    port: fc.integer({ min: 1, max: 65_535 }),
  })
  .map(({ cluster, ids, groups, port }) => {
    const sorted = ids.toSorted() as NodeId[];
    const numbers = [0, ...groups.toSorted((a, b) => a - b)];
    return {
      cluster: cluster as ClusterId,
      members: sorted.map((id, i) => ({ id, address: `127.0.0.1:${port + i}` })),
      groups: numbers.map((group) => ({ group: group as GroupId, voters: sorted })),
    };
  });

describe('manifest', () => {
  test('what was encoded is what is decoded', () => {
    fc.assert(
      fc.property(manifestArbitrary, (manifest) => {
        expect(decodeManifest(encodeManifest(manifest))).toEqual({ ok: true, value: manifest });
      }),
      propertyOptions(),
    );
  });

  test('every truncation and every changed byte is refused', () => {
    fc.assert(
      fc.property(manifestArbitrary, fc.nat(), fc.integer({ min: 1, max: 255 }), (manifest, position, flip) => {
        const bytes = encodeManifest(manifest);
        expect(decodeManifest(bytes.subarray(0, position % bytes.length)).ok).toBe(false);
        const changed = bytes.slice();
        changed[position % bytes.length] = (changed[position % bytes.length] as number) ^ flip;
        expect(decodeManifest(changed).ok).toBe(false);
      }),
      propertyOptions(),
    );
  });

  test('garbage is refused without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeManifest(bytes).ok).toBe(false);
      }),
      propertyOptions(),
    );
  });

  test('members out of order and voters that are no members are refused although the checksum holds', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(32) as NodeId) as [NodeId, NodeId, NodeId];
    const member = (id: NodeId): { id: NodeId; address: string } => ({ id, address: 'h:1' });
    const base: Manifest = {
      cluster: a as string as ClusterId,
      members: [member(a), member(b)],
      groups: [{ group: 0 as GroupId, voters: [a] }],
    };
    expect(decodeManifest(encodeManifest(base)).ok).toBe(true);
    expect(decodeManifest(encodeManifest({ ...base, members: [member(b), member(a)] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, members: [member(a), member(a)] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, groups: [{ group: 0 as GroupId, voters: [c] }] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, groups: [{ group: 1 as GroupId, voters: [a] }] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, groups: [] })).ok).toBe(false);
  });
});
