/** Golden bytes of the file SIGNING, format 1: a change to them is a new format. */
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { ulidFrom } from '../../core/chain/ulid.ts';
import type { NodeId, VaultId } from '../../core/ids.ts';
import {
  checksumOf,
  decodeSigningBlock,
  decodeSigningHeader,
  encodeSigningBlock,
  encodeSigningHeader,
  SIGNING_BLOCK_BYTES,
} from '../../core/signing/record-file.ts';

const HEADER = {
  node: '0123456789abcdef0123456789abcdef' as NodeId,
  publicKey: Uint8Array.from({ length: 32 }, (_, i) => i),
  form: 'clear' as const,
  secret: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
};
const BLOCK = {
  number: 2,
  durable: 1,
  key: 0xdeadbeef,
  rows: [{ vault: ulidFrom(1, new Uint8Array(10).fill(3)) as VaultId, size: 7, root: new Uint8Array(32).fill(9) }],
};

/** What stands in front of the zeros, and the checksum. */
function told(block: Uint8Array): string {
  let end = SIGNING_BLOCK_BYTES - 4;
  while (end > 0 && block[end - 1] === 0) end -= 1;
  return `${toHex(block.subarray(0, end))} ${toHex(block.subarray(SIGNING_BLOCK_BYTES - 4))}`;
}

test('the block of the key', () => {
  const block = encodeSigningHeader(HEADER);
  expect(block).toHaveLength(512);
  expect(told(block)).toMatchInlineSnapshot(
    `"564f55434853494701000123456789abcdef0123456789abcdef000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0020fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0 ec26c4be"`,
  );
  expect(decodeSigningHeader(block)).toEqual(HEADER);
});

test('a block of what was signed', () => {
  const block = encodeSigningBlock(BLOCK);
  expect(block).toHaveLength(512);
  expect(told(block)).toMatchInlineSnapshot(
    `"0000000200000001deadbeef010000000000010303030303030303030300000000000000070909090909090909090909090909090909090909090909090909090909090909 41c56bb4"`,
  );
  expect(decodeSigningBlock(block)).toEqual(BLOCK);
  expect(decodeSigningBlock(new Uint8Array(512))).toBe('empty');
});

test('no block with a bit flipped decodes', () => {
  for (const block of [encodeSigningHeader(HEADER), encodeSigningBlock(BLOCK)]) {
    for (let bit = 0; bit < 8 * block.length; bit += 7) {
      const flipped = block.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeSigningHeader(flipped)).toBeUndefined();
      expect(decodeSigningBlock(flipped)).toBeUndefined();
    }
  }
  expect(checksumOf(encodeSigningHeader(HEADER))).not.toBe(checksumOf(encodeSigningBlock(BLOCK)));
});
