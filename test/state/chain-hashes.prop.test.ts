/** The log of a vault on its pages against one in memory, through runs of 256 blocks and openings in between. */
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { BTree } from '../../core/btree/tree.ts';
import { toHex } from '../../core/bytes/text.ts';
import { blockHash } from '../../core/chain/header.ts';
import { MerkleLog } from '../../core/chain/merkle-log.ts';
import type { Height } from '../../core/ids.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore } from '../../core/page/store.ts';
import { ChainHashes } from '../../core/state/chain-hashes.ts';
import { KeyBuilder } from '../../core/state/keys.ts';
import { PathCache } from '../../core/state/path-cache.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';

const hex = (path: readonly Uint8Array[]): readonly string[] => path.map((hash) => toHex(hash));

/** Anything of a header's length will do: the log only hashes it. */
function headerOf(height: number): Uint8Array {
  const header = new Uint8Array(196);
  new DataView(header.buffer).setUint32(0, height);
  return header;
}

describe('the log of blocks on pages', () => {
  propertyRuns(
    20,
    'roots, leaves and proofs are those of a log in memory',
    fc.record({
      parts: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
      asked: fc.array(fc.nat(1600), { maxLength: 12 }),
    }),
    ({ parts, asked }) => {
      const rows = new BTree(new PageSpace(new MemoryPageStore(512)));
      const keys = new KeyBuilder(new PathCache(nativeHasher));
      const plain = new MerkleLog(nativeHasher);
      for (const part of parts) {
        const hashes = new ChainHashes({ hasher: nativeHasher, rows, keys, height: plain.size });
        const stored = new MerkleLog(nativeHasher, hashes, plain.size);
        for (let i = 0; i < part; i += 1) {
          const header = headerOf(plain.size + 1);
          rows.set(keys.header((plain.size + 1) as Height), header);
          plain.append(blockHash(nativeHasher, header));
          stored.append(blockHash(nativeHasher, header));
        }
        expect(toHex(stored.root())).toBe(toHex(plain.root()));
        for (const at of asked) {
          const size = (at % plain.size) + 1;
          const index = at % size;
          expect(toHex(stored.leaf(index))).toBe(toHex(plain.leaf(index)));
          expect(toHex(stored.root(size))).toBe(toHex(plain.root(size)));
          expect(hex(stored.inclusion(index, size))).toEqual(hex(plain.inclusion(index, size)));
          expect(hex(stored.consistency(size))).toEqual(hex(plain.consistency(size)));
        }
      }
    },
  );
});
