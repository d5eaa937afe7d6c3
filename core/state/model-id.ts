/**
 * Ids of authorization models: a ULID that follows from the block alone, so that every replica and every auditor finds the same one,
 * and that sorts as the models were written (decision 0083).
 *
 *   OFFSET  SIZE  FIELD
 *   0       6     milliseconds of the block's time since 1970: what a ULID calls its time
 *   6       2     microseconds of the block's time within that millisecond
 *   8       2     position of the transaction in its block
 *   10      6     first bytes of SHA-256(vault 16 ‖ u64 height ‖ u16 position): two vaults do not give one id
 *
 * Block times grow with every block of a vault, and a transaction writes one model at most.
 */
import { assert } from '../assert.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import { ULID_BYTES, ulidFrom } from '../chain/ulid.ts';
import { hashOf } from '../hasher.ts';
import type { Height, Micros } from '../ids.ts';

/** Where in a vault's chain a model is written. */
export interface ModelPlace {
  /** The vault's 16 bytes. */
  readonly vault: Uint8Array;
  readonly height: Height;
  /** Of the block. */
  readonly time: Micros;
  /** Of the transaction in its block, from 0. */
  readonly position: number;
}

const POSITION_MAX = 0xffff;
const SALT_BYTES = 6;

function timeBits(time: Micros, position: number): Writer {
  const bits = new Writer();
  bits.u16(time % 1000);
  bits.u16(position);
  return bits;
}

/** The id of the model that a transaction writes. */
export function modelIdOf(hasher: Hasher, { vault, height, time, position }: ModelPlace): string {
  assert(vault.length === ULID_BYTES && position <= POSITION_MAX, 'a model is written by a transaction of a vault');
  const place = new Writer();
  place.raw(vault);
  place.u64(height);
  place.u16(position);
  const bits = timeBits(time, position);
  bits.raw(hashOf(hasher, place.peek()).subarray(0, SALT_BYTES));
  return ulidFrom(Math.floor(time / 1000), bits.peek());
}

/** No id of a model that was written at or before a block's time is greater. */
export function lastModelIdAt(time: Micros): string {
  const bits = timeBits(time, POSITION_MAX);
  bits.raw(new Uint8Array(SALT_BYTES).fill(0xff));
  return ulidFrom(Math.floor(time / 1000), bits.peek());
}
