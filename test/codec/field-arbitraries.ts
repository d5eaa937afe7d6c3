/** Arbitrary fields of protocol values. */
import * as fc from 'fast-check';
import { encodeUlid } from '../../core/chain/ulid.ts';
import type { GroupId, Height, LogIndex, Micros, NodeId, OrganizationId, Term, VaultId } from '../../core/ids.ts';

/** Brands a drawn value. */
export function branded<T>(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<T> {
  return arbitrary as fc.Arbitrary<T>;
}

export const u32: fc.Arbitrary<number> = fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 0xffff_ffff }));
export const u64: fc.Arbitrary<number> = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
export const nodeId: fc.Arbitrary<NodeId> = branded(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
);
export const term: fc.Arbitrary<Term> = branded(u64);
export const index: fc.Arbitrary<LogIndex> = branded(u64);
export const height: fc.Arbitrary<Height> = branded(u64);
export const micros: fc.Arbitrary<Micros> = branded(u64);
export const group: fc.Arbitrary<GroupId> = branded(u32);
export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 80 });
export const text: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', maxLength: 20 });
export const ulid: fc.Arbitrary<string> = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(encodeUlid);
export const organization: fc.Arbitrary<OrganizationId> = branded(ulid);
export const vault: fc.Arbitrary<VaultId> = branded(ulid);
export const hash: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 32, maxLength: 32 });
