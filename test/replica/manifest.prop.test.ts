/** The manifest's bytes: round trip, strictness, and nothing hostile gets through or throws. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../core/bytes/crc32c.ts';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import { Writer } from '../../core/bytes/writer.ts';
import type { MemberEntry } from '../../core/client/protocol.ts';
import type { ClusterId, GroupId, LogIndex, NodeId } from '../../core/ids.ts';
import { decodeManifest, encodeManifest, foundingManifest, type Manifest } from '../../core/replica/manifest.ts';
import { memberOf } from '../../core/state/member-table.ts';
import { memberEntry } from '../codec/arbitraries.ts';
import { propertyOptions } from '../support/property.ts';

const GOLDEN_CHECKSUM = 'e4cd42d2';
const idArbitrary: fc.Arbitrary<string> = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => toHex(bytes));

const manifestArbitrary: fc.Arbitrary<Manifest> = fc
  .record({
    cluster: idArbitrary,
    ids: fc.uniqueArray(idArbitrary, { minLength: 1, maxLength: 7 }),
    groups: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    revision: fc.integer({ min: 0, max: 2 ** 50 }),
    made: fc.array(fc.constantFrom(1, 3, 5, 7), { maxLength: 3 }),
    members: fc.uniqueArray(memberEntry, { maxLength: 5, selector: ({ id }) => id }),
  })
  .map(({ cluster, ids, groups, port, revision, made, members }) => {
    const sorted = ids.toSorted() as NodeId[];
    const numbers = [0, ...groups.toSorted((a, b) => a - b)];
    const founders = sorted.map((id, i) => ({ id, address: `127.0.0.1:${port + i}` }));
    const founding = foundingManifest({
      cluster: cluster as ClusterId,
      founders,
      groups: numbers.map((group) => ({ group: group as GroupId, voters: sorted })),
    });
    return {
      ...founding,
      revision: revision as LogIndex,
      members: members.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      placed: made.map((replicas, i) => ({
        group: (2000 + i) as GroupId,
        replicas,
        founders: sorted,
        voters: sorted.slice(0, 1),
      })),
    };
  });

/** A cluster of one that replaced its first node, and made a group before. */
const REPLACED: Manifest = (() => {
  const [a, b] = ['a', 'b'].map((digit) => digit.repeat(32) as NodeId) as [NodeId, NodeId];
  const founding = foundingManifest({
    cluster: 'c'.repeat(32) as ClusterId,
    founders: [{ id: a, address: 'h:1' }],
    groups: [{ group: 0 as GroupId, voters: [a] }],
  });
  const members = [{ ...memberOf(a, 'h:1'), removed: true, replacedBy: b }, memberOf(b, 'h:2')];
  const placed = [{ group: 5 as GroupId, replicas: 1, founders: [a], voters: [b] }];
  return { ...founding, revision: 9 as LogIndex, members, placed };
})();

/** Revision and members of that one. */
const MEMBERS_HEX = `000000000000000900000002${'aa'.repeat(16)}01${'bb'.repeat(16)}00000003683a31${'bb'.repeat(16)}00${'00'.repeat(16)}00000003683a32`;

/** The bytes that format 1 shares with format 2: of the same founders and groups, behind the format. */
const FOUNDING_HEX = `${'cc'.repeat(16)}00000001${'aa'.repeat(16)}00000003683a3100000001${'00000000'}00000001${'aa'.repeat(16)}`;

describe('manifest', () => {
  test('format 3 is these bytes', () => {
    const placed = `00000001${'00000005'}01${`00000001${'aa'.repeat(16)}`}${`00000001${'bb'.repeat(16)}`}`;
    const body = `564f554348434c5503${FOUNDING_HEX}${MEMBERS_HEX}${placed}`;
    const bytes = encodeManifest(REPLACED);
    expect(toHex(bytes.subarray(0, -4))).toBe(body);
    expect(toHex(bytes.subarray(-4))).toBe(GOLDEN_CHECKSUM);
  });

  test('format 2 is still read: it knows of no groups that were made later', () => {
    const writer = new Writer();
    writer.raw(fromHex(`564f554348434c5502${FOUNDING_HEX}${MEMBERS_HEX}`) ?? new Uint8Array());
    writer.u32(crc32c(writer.peek()));
    expect(decodeManifest(writer.finish())).toEqual({ ok: true, value: { ...REPLACED, placed: [] } });
  });

  test('format 1 is still read: its founders are its members', () => {
    const writer = new Writer();
    writer.raw(fromHex(`564f554348434c5501${FOUNDING_HEX}`) ?? new Uint8Array());
    writer.u32(crc32c(writer.peek()));
    expect(decodeManifest(writer.finish())).toEqual({ ok: true, value: foundingManifest(REPLACED) });
  });

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
    const member = (id: NodeId): MemberEntry => memberOf(id, 'h:1');
    const base = foundingManifest({
      cluster: a as string as ClusterId,
      founders: [member(a), member(b)],
      groups: [{ group: 0 as GroupId, voters: [a] }],
    });
    expect(decodeManifest(encodeManifest(base)).ok).toBe(true);
    expect(decodeManifest(encodeManifest({ ...base, members: [member(b), member(a)] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, members: [member(a), member(a)] })).ok).toBe(false);
    const placed = (group: number, voters: readonly NodeId[]) => ({
      group: group as GroupId,
      replicas: 1,
      founders: [a],
      voters,
    });
    const later = (...groups: readonly ReturnType<typeof placed>[]): boolean =>
      decodeManifest(encodeManifest({ ...base, placed: groups })).ok;
    expect([
      later(placed(1, [a]), placed(2, [b])),
      later(placed(2, [a]), placed(1, [a])),
      later(placed(1, [a]), placed(1, [a])),
    ]).toEqual([true, false, false]);
    expect([later(placed(1, [])), later(placed(1, [b, a])), later(placed(0, [a]))]).toEqual([false, false, false]);
    expect(decodeManifest(encodeManifest({ ...base, founders: [member(b), member(a)] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, members: [{ ...member(a), replacedBy: b }] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, groups: [{ group: 0 as GroupId, voters: [c] }] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, groups: [{ group: 1 as GroupId, voters: [a] }] })).ok).toBe(false);
    expect(decodeManifest(encodeManifest({ ...base, groups: [] })).ok).toBe(false);
  });
});
