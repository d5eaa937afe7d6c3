/**
 * The whole range of an unsigned 64-bit field. A number where a double holds it exactly (always, in what Vouch itself
 * writes), a bigint beyond: proofs come from outside, and a verifier must compare 2^53+1 exactly.
 * Mixed comparison (`<`, `===` on canonical values) is exact in JavaScript: each value has one representation here.
 */
import { assert } from '../assert.ts';
import type { Reader } from './reader.ts';
import { writeWord } from './word.ts';

/** 0 .. 2^64-1. Canonical: a safe integer is a number, anything larger is a bigint. */
export type U64 = number | bigint;

const WORD: number = 0x1_0000_0000;

/** The value of two big-endian 32-bit halves. */
export function u64Of(high: number, low: number): U64 {
  return high <= 0x1f_ffff ? high * WORD + low : (BigInt(high) << 32n) | BigInt(low);
}

/** The next u64 of a reader, whatever its size. */
export function readU64(reader: Reader): U64 {
  const high = reader.u32();
  return u64Of(high, reader.u32());
}

/** Canonical form of a bigint in range. */
export function u64FromBigInt(value: bigint): U64 {
  assert(value >= 0n && value < 1n << 64n, 'a u64 is below 2^64');
  return u64Of(Number(value >> 32n), Number(value & 0xffff_ffffn));
}

/** The 8 bytes of out at offset, big-endian. */
export function writeU64(value: U64, out: Uint8Array, offset: number): void {
  let high: number;
  let low: number;
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value) && value >= 0, 'a u64 number is a safe non-negative integer');
    high = Math.floor(value / WORD);
    low = value - high * WORD;
  } else {
    assert(value >= 0n && value < 1n << 64n, 'a u64 is below 2^64');
    high = Number(value >> 32n);
    low = Number(value & 0xffff_ffffn);
  }
  writeWord(high, out, offset);
  writeWord(low, out, offset + 4);
}
