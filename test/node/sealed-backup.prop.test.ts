/** A backup under its own key: what goes in comes out, at any place; and nothing that was changed, moved or cut off is believed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes } from '../../core/bytes/compare.ts';
import { StorageError } from '../../core/errors.ts';
import { BackupSealer, isSealedBackup, OpenedSeal } from '../../node/backup/sealed-file.ts';
import { nativeCipher } from '../../node/keys/native-cipher.ts';
import { inMemory } from '../backup/support.ts';

const CHUNK = 65_536;
const HEADER = 64;
const SLOT = CHUNK + 16;
const cipherOf = (byte: number) => nativeCipher(new Uint8Array(32).fill(byte));

/** Bytes that differ from place to place. */
function content(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7) & 0xff);
}

function sealedOf(bytes: Uint8Array, cuts: readonly number[] = []): Uint8Array {
  const sealer = new BackupSealer(cipherOf(1));
  const pieces = [sealer.begin()];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let at = 0;
  for (const end of ends) {
    for (const piece of sealer.add(bytes.subarray(at, end))) pieces.push(piece);
    at = end;
  }
  return concatBytes(...pieces, sealer.end());
}

function opened(bytes: Uint8Array, byte = 1): OpenedSeal {
  return new OpenedSeal(inMemory(bytes), 'it', cipherOf(byte));
}

/** The whole of it, or why not. */
function readAll(bytes: Uint8Array, byte = 1): Uint8Array | string {
  try {
    const seal = opened(bytes, byte);
    return seal.read(0, seal.size);
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

const lengths = fc.oneof(fc.nat(300), fc.constantFrom(CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5));

test('what goes in, in any pieces, comes out at any place', () => {
  fc.assert(
    fc.property(lengths, fc.array(fc.nat(3 * CHUNK)), fc.nat(3 * CHUNK), fc.nat(3 * CHUNK), (length, cuts, from, count) => {
      const bytes = content(length);
      const sealed = sealedOf(bytes, cuts);
      expect(isSealedBackup(inMemory(sealed))).toBe(true);
      const seal = opened(sealed);
      expect(seal.size).toBe(length);
      expect(seal.read(from, count)).toEqual(bytes.slice(from, from + count));
      expect(seal.read(0, length)).toEqual(bytes);
    }),
    { numRuns: 60 },
  );
});

test('a changed byte, wherever it is, is refused', () => {
  const small = sealedOf(content(20));
  for (let at = 0; at < small.length; at += 1) {
    const changed = small.slice();
    changed[at] = (changed[at] as number) ^ 1;
    expect(readAll(changed), `byte ${at}`).toBeTypeOf('string');
  }
});

test('cut off, at every length: refused', () => {
  const sealed = sealedOf(content(CHUNK + 40));
  for (const end of [
    0,
    7,
    8,
    HEADER - 1,
    HEADER,
    HEADER + 15,
    HEADER + SLOT - 1,
    HEADER + SLOT,
    HEADER + SLOT + 16,
    sealed.length - 1,
  ])
    expect(readAll(sealed.slice(0, end)), `${end} bytes`).toBe('backup_damaged');
  expect(readAll(concatBytes(sealed, Uint8Array.of(0)))).toBe('backup_damaged');
});

test('chunks that change places, are left out or come from another backup are refused', () => {
  const sealed = sealedOf(content(3 * CHUNK));
  const [head, a, b, c] = [0, HEADER, HEADER + SLOT, HEADER + 2 * SLOT].map((start, i) =>
    sealed.slice(start, i === 0 ? HEADER : start + SLOT),
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  expect(readAll(concatBytes(head, a, b, c))).toEqual(content(3 * CHUNK));
  const other = sealedOf(content(3 * CHUNK)).slice(HEADER, HEADER + SLOT);
  for (const parts of [
    [b, a, c],
    [a, c],
    [a, b],
    [a, b, c, c],
    [a, a, b, c],
    [other, b, c],
  ])
    expect(readAll(concatBytes(head, ...parts))).toBe('backup_damaged');
});

test('another key, and a newer format, are told apart from damage', () => {
  const sealed = sealedOf(content(10));
  expect(readAll(sealed, 2)).toBe('backup_key_wrong');
  const newer = sealed.slice();
  newer[9] = 2;
  expect(readAll(newer)).toBe('newer_format');
});
